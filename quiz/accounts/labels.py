"""What the audit trail's codes are called on screen and in files."""

from __future__ import annotations

from quiz.vocabulary import AccountRole

ACTIONS: dict[str, str] = {
    "sign_in": "登录",
    "create_account": "新建账号",
    "change_password": "修改密码",
    "reset_password": "重置密码",
    "disable_account": "停用账号",
    "unlock_account": "解除锁定",
    "enable_account": "恢复账号",
    "issue_activations": "发放激活码",
    "import_roster": "导入名册",
    "roster_import": "导入名册",
    "create_organisation": "新增企业",
    "edit_organisation": "修改企业",
    "set_status": "变更经营状态",
    "set_features": "修改特征标签",
    "move_organisation": "变更属地",
    "change_sector": "变更行业或主管部门",
    "change_principal": "变更主要负责人",
    "appoint": "登记任职",
    "end_post": "结束任职",
    "designate": "指定参训人",
    "correct_phone": "更正手机号",
    "create_programme": "新建培训专项",
    "edit_programme": "修改培训专项",
    "open_programme": "开放培训专项",
    "close_programme": "结束培训专项",
    "extend_due": "延长完成期限",
    "exempt": "核减",
    "withdraw_exemption": "撤销核减",
    "grant_extension": "延期或增加考试次数",
    "create_paper": "新建试卷",
    "edit_paper": "修改试卷",
    "copy_paper": "复制试卷",
    "publish_paper": "发布试卷",
    "withdraw_paper": "停用试卷",
    "draft_item": "起草题目",
    "review_item": "复核题目",
    "send_back_item": "退回题目",
    "discard_draft": "放弃题目修改",
    "publish_item": "发布题目",
    "withdraw_item": "停用题目",
    "restore_item": "恢复题目",
    "set_item_sectors": "修改题目适用行业",
    "revise_items": "批量修改题目",
    "move_items": "移动题目",
    "copy_items": "复制题目",
    "merge_banks": "合并题库",
    "decide_duplicate": "处理重复题",
    "import_bank": "导入题库",
    "undo_import": "撤销题库导入",
    "export_bank": "导出题库",
    "print_paper": "打印试卷",
    "load_edition": "载入标准新版",
    "edition_took_effect": "标准新版施行",
    "undo_edition": "撤销载入标准新版",
    "export": "导出",
    "export_audit": "导出审计记录",
    "export_coverage": "导出覆盖率",
    "export_scores": "导出成绩",
    "snapshot": "固化统计快照",
    "set_setting": "修改系统设置",
    "verify_audit": "核对审计记录",
    "verify_coverage": "核对覆盖率",
    "backup": "备份",
    "restore": "恢复备份",
    "make_demonstration": "建立演示数据",
}
DETAILS: dict[str, str] = {
    "roles": "角色和范围",
    "count": "数量",
    "rows": "行数",
    "created": "新增",
    "items": "题目",
    "accepted": "接受",
    "repaired": "修正后接受",
    "left_out": "未导出",
    "format": "格式",
    "note": "说明",
    "sectors": "适用行业",
    "import": "导入编号",
    "updated": "更新",
    "unchanged": "无变化",
    "refused": "拒绝",
    "skipped": "跳过",
    "paper": "试卷编号",
    "from": "来源试卷",
    "value": "新值",
    "broken": "不符",
    "figures": "核对数",
    "differing": "不一致",
    "seed": "随机种子",
    "reason": "理由",
    "file": "文件",
    "programme": "专项",
    "organisation": "企业",
    "person": "人员",
    "supersedes": "替代版本",
    "edition": "标准版本",
    "title": "名称",
}
_ROLES = {str(role): role.label for role in AccountRole}
RESULTS: dict[str, str] = {"done": "成功", "refused": "被拒绝", "failed": "失败"}


def action_label(code: str) -> str:
    """The action in Chinese; an unknown code stands for itself."""
    return ACTIONS.get(code, code)


def result_label(code: str) -> str:
    """The result in Chinese; an unknown code stands for itself."""
    return RESULTS.get(code, code)


def detail_text(detail: dict[str, object]) -> str:
    """What was noted beside the act, in one line."""
    return "；".join(f"{DETAILS.get(name, name)}：{_plain(value)}" for name, value in detail.items())


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return "、".join(filter(None, (_plain(part) for part in value)))
    if isinstance(value, dict):
        return detail_text(value)
    return _ROLES.get(str(value), str(value)) if value is not None else ""
