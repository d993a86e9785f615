"""Who holds which post after a row: the same holder, a successor, one more, or a contradiction that a person must resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from quiz.organisations.domain import CATEGORY_LABELS, ROLE_LABELS, SINGLE_ROLES
from quiz.organisations.identifiers import WARNING, Finding, mask_name, mask_phone
from quiz.organisations.roster_rows import RosterRow, StatedPost
from quiz.organisations.roster_state import Change, OrganisationState, People, PersonState, PostState
from quiz.vocabulary import PostCategory, PostRole


@dataclass
class PostsTrial:
    """The posts of one organisation with one row tried on; nothing is kept unless the row as a whole is good."""

    row: RosterRow
    people: People
    today: date
    posts: list[PostState]
    former_people: list[PersonState]
    allows_addition: bool
    """A merged cell above says that this row belongs to the same organisation as the one before."""
    named_elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Principals that other rows of this file name for the organisation, with their cells."""
    changes: list[Change] = field(default_factory=list)
    person_updates: list[tuple[PersonState, str, Any]] = field(default_factory=list)
    statements: int = 0
    """How much the row said that earlier rows of the file had not."""

    @classmethod
    def begin(cls, row: RosterRow, state: OrganisationState, people: People, today: date, named_elsewhere: Mapping[str, str]) -> PostsTrial:
        """Copy the posts; people are shared, and changed only by `keep`."""
        merged = row.raw.is_merged("uscc") or row.raw.is_merged("name")
        posts = [post.copy() for post in state.posts]
        return cls(row, people, today, posts, state.former_people, merged, named_elsewhere)

    def run(self) -> None:
        """Try every post that the row states."""
        for stated in self.row.posts:
            self._place(stated)
        self._note_unlisted_managers()

    def keep(self, state: OrganisationState) -> None:
        """The row is good: let the organisation have these posts, and people what was learnt of them."""
        state.posts = self.posts
        for person, name, value in self.person_updates:
            setattr(person, name, value)
        for post in self.posts:
            if post.id is None or post.stated_at:
                self.people.add(post.person)

    # 人 ---------------------------------------------------------------------------------------------------------------

    def _person(self, stated: StatedPost) -> PersonState | None:
        """Who is meant: by identity number, else by name and phone, else by name within the enterprise; else somebody new."""
        known = self.people.with_digest(stated.digest)
        if known is not None:
            if known.name == stated.name:
                return known
            message = f"这个身份证号在系统或本表前面登记的姓名是“{mask_name(known.name)}”，与本行不一致。"
            self._refuse("identity", "identity_name", message, "请核对身份证号和姓名；确属改名的请先在系统中更正姓名。")
            return None
        known = self.people.with_phone(stated.name, stated.phone)
        if known is not None and _may_be(known, stated):
            return known
        here = [post.person for post in self.posts] + self.former_people
        known = next((person for person in here if person.name == stated.name and _may_be(person, stated)), None)
        if known is not None:
            return known
        return PersonState(stated.name, phone=stated.phone, digest=stated.digest, tail=stated.tail, stated_phone=stated.phone)

    def _learn(self, person: PersonState, stated: StatedPost) -> None:
        """Note a new phone or identity number of somebody known."""
        if stated.digest and person.digest is None:
            self.person_updates += [(person, "digest", stated.digest), (person, "tail", stated.tail)]
            self._change("identity", "", f"{person.name}：已登记（尾号 {stated.tail}）", self.today)
        if not stated.phone:
            return
        if stated.phone == person.phone:
            self.person_updates.append((person, "stated_phone", stated.phone))
        elif person.stated_phone and person.stated_phone != stated.phone:
            message = f"同一人在本表中有两个手机号，保留先出现的 {mask_phone(person.stated_phone)}。"
            self._warn("phone", "phone_differs", message, "请确认哪一个是本人号码。")
        else:
            if person.phone:
                message = f"手机号由 {mask_phone(person.phone)} 变为 {mask_phone(stated.phone)}。"
                self._warn("phone", "phone_changed", message, "请确认是本人换号；如不是同一人，请联系管理员。")
            self._change("phone", mask_phone(person.phone or ""), f"{person.name} {mask_phone(stated.phone)}", self.today)
            self.person_updates += [(person, "phone", stated.phone), (person, "stated_phone", stated.phone)]

    # 任职 -------------------------------------------------------------------------------------------------------------

    def _place(self, stated: StatedPost) -> None:
        person = self._person(stated)
        if person is None:
            return
        held = [post for post in self.posts if post.held_to is None and post.role == stated.role]
        mine = next((post for post in held if post.person is person), None)
        if mine is not None:
            self._learn(person, stated)
            self._confirm(mine, stated)
        elif stated.role == PostRole.PRINCIPAL:
            self._place_principal(stated, person, held)
        elif stated.role in SINGLE_ROLES and held:
            self._place_single(stated, person, held[0])
        else:
            self._open(stated, person, replaced=None, held_from=stated.held_from or self.today)

    def _confirm(self, post: PostState, stated: StatedPost) -> None:
        """The holder is who we thought; category, title and designation may be told anew, the day of taking up may not."""
        address = self.row.raw.address(stated.column)
        for name in ("category", "title", "designated", "held_from"):
            value = getattr(stated, name)
            if value is None:
                continue
            if name in post.stated and post.stated[name] != value:
                message = f"与 {post.stated_at} 同一人同一职务，但“{_POST_WORDS[name]}”不一致。"
                self._refuse(_POST_COLUMNS[name], "conflict", message, "请保留正确的一行。")
                return
            if name not in post.stated:
                self.statements += 1
            post.stated[name] = value
            if name == "held_from":
                self._compare_day(post, value)
            elif getattr(post, name) != value:
                if name == "designated":
                    self._designate(post, value)
                else:
                    words = CATEGORY_LABELS if name == "category" else {}
                    before = getattr(post, name)
                    self._change(name, words.get(before, before), f"{post.person.name} {words.get(value, value)}", self.today)
                    setattr(post, name, value)
        if not post.stated_at:
            self.statements += 1
        post.stated_at = post.stated_at or f"{self.row.raw.table.sheet}!{address}"

    def _compare_day(self, post: PostState, held_from: date) -> None:
        if post.id is not None and post.held_from != held_from:
            message = f"系统中该任职自 {post.held_from} 起，与本行不一致；未改动已有任期。"
            self._warn("held_from", "held_from_kept", message, "确需更正任职日期的，请在系统中修改该任职。")

    def _place_single(self, stated: StatedPost, person: PersonState, holder: PostState) -> None:
        if holder.stated_at:
            message = f"与 {holder.stated_at} 的{ROLE_LABELS[stated.role]}不是同一人。"
            self._refuse(stated.column, "conflict", message, "同一企业只能有一名，请保留正确的一行。")
            return
        self._open(stated, person, replaced=holder, held_from=max(self.today, holder.held_from))

    def _place_principal(self, stated: StatedPost, person: PersonState, held: list[PostState]) -> None:
        confirmed = [post for post in held if self._where_stated(post)]
        if confirmed and not self._is_additional(stated, confirmed):
            message = f"与 {self._where_stated(confirmed[0])} 是同一企业，但主要负责人不是同一人。"
            action = "只有一名的请保留正确的一行；确有多名的请分别写明“职务类别”（法定代表人、实际控制人）。"
            self._refuse("principal", "conflict", message, action)
            return
        replaced, ambiguous = _whom_replaced(stated, [post for post in held if post not in confirmed], is_first=not confirmed)
        if ambiguous:
            message = "系统中该企业有多名主要负责人，看不出本行接替的是哪一位。"
            self._refuse("principal", "ambiguous_principal", message, "请写明“职务类别”，或在系统中办理负责人变更。")
            return
        held_from = stated.held_from or self.today
        if replaced is not None and held_from < replaced.held_from:
            message = f"任职日期 {held_from} 早于现任主要负责人的任职日期 {replaced.held_from}，名册可能是旧的。"
            column = "held_from" if stated.held_from else "principal"
            self._refuse(column, "stale_principal", message, "请核对；属更正的请在系统中修改任职。")
            return
        if stated.held_from is None:
            message = f"没有任职日期，按导入当天 {self.today} 登记。"
            self._warn("held_from", "missing_held_from", message, "请补填；更正任职日期请在系统中修改。")
        if not stated.phone and not person.phone:
            self._warn("phone", "phone_missing", "没有手机号，主要负责人无法凭手机号核对身份。", "请补填。")
        self._open(stated, person, replaced=replaced, held_from=held_from)

    def _where_stated(self, post: PostState) -> str:
        return post.stated_at or self.named_elsewhere.get(post.person.name, "")

    def _is_additional(self, stated: StatedPost, confirmed: list[PostState]) -> bool:
        """May this row name one more principal beside those named before: another category, another designation, or a merged cell?"""
        if self.allows_addition:
            return True
        if stated.category is not None and all(post.stated.get("category") != stated.category for post in confirmed):
            return True
        return stated.designated is not None and all(
            "designated" in post.stated and post.stated["designated"] != stated.designated for post in confirmed
        )

    def _open(self, stated: StatedPost, person: PersonState, *, replaced: PostState | None, held_from: date) -> None:
        self._learn(person, stated)
        address = f"{self.row.raw.table.sheet}!{self.row.raw.address(stated.column)}"
        post = PostState(
            person=person,
            role=stated.role.value,
            category=stated.category or (replaced.category if replaced else PostCategory.OTHER.value),
            title=stated.title or "",
            designated=False,
            held_from=held_from,
            stated_at=address,
            stated={name: value for name in _POST_WORDS if (value := getattr(stated, name)) is not None},
        )
        if replaced is not None:
            replaced.held_to = held_from
        others = [other for other in self.posts if other.held_to is None and other.role == stated.role]
        wanted = stated.designated
        if wanted is None and stated.role == PostRole.PRINCIPAL:
            wanted = replaced.designated if replaced is not None else not any(other.designated for other in others)
        self.posts.append(post)
        self.statements += 1
        self._note_shared_phone(person)
        self._change(stated.role.value, replaced.person.name if replaced else "", person.name, held_from)
        if wanted:
            self._designate(post, True, quietly=True)

    def _designate(self, post: PostState, wanted: bool, *, quietly: bool = False) -> None:
        """At most one principal is 指定参训人: the one this file names first, else the one named last."""
        if wanted:
            for other in self.posts:
                if other is post or other.role != post.role or other.held_to is not None or not other.designated:
                    continue
                if other.stated.get("designated"):
                    message = f"同一企业只能指定一人参训，已按 {other.stated_at} 登记，本行不作为指定参训人。"
                    self._warn("designated", "two_designated", message, "请只在一行填“是”。")
                    return
                other.designated = False
                self._change("designated", f"{other.person.name} 是", f"{other.person.name} 否", self.today)
        if not quietly:
            words = {True: "是", False: "否"}
            self._change("designated", words[post.designated], f"{post.person.name} {words[wanted]}", self.today)
        post.designated = wanted

    def _note_shared_phone(self, person: PersonState) -> None:
        if person.phone and not self.people.knows(person) and (others := self.people.others_with_phone(person.name, person.phone)):
            names = "、".join(sorted(mask_name(other) for other in others))
            message = f"这个手机号还登记在 {names} 名下，一个手机号默认只能登录一个账号。"
            self._warn("phone", "phone_shared", message, "请核对；确属共用的由管理员放行。")

    def _note_unlisted_managers(self) -> None:
        managers = [post for post in self.posts if post.role == PostRole.SAFETY_MANAGER and post.held_to is None]
        listed = any(stated.role == PostRole.SAFETY_MANAGER for stated in self.row.posts)
        missing = [post.person.name for post in managers if not post.stated_at]
        if listed and missing:
            names = "、".join(mask_name(name) for name in missing)
            message = f"系统中的安全管理人员 {names} 不在本行，任职保留。"
            self._warn("safety_manager", "manager_kept", message, "已离任的请在系统中结束任职。")

    # 记录 -------------------------------------------------------------------------------------------------------------

    def _change(self, name: str, before: str, after: str, effective_on: date) -> None:
        self.changes.append(Change(name, before, after, effective_on))

    def _warn(self, column: str, code: str, message: str, action: str) -> None:
        self.row.note(column, Finding(code, message, action, WARNING))

    def _refuse(self, column: str, code: str, message: str, action: str) -> None:
        self.row.note(column, Finding(code, message, action))


_POST_WORDS = {"category": "职务类别", "title": "职务", "designated": "是否指定参训人", "held_from": "任职日期"}
_POST_COLUMNS = {"category": "category", "title": "title", "designated": "designated", "held_from": "held_from"}


def _may_be(person: PersonState, stated: StatedPost) -> bool:
    """Two different identity numbers are two people, whatever their names."""
    return stated.digest is None or person.digest is None or person.digest == stated.digest


def _whom_replaced(stated: StatedPost, candidates: list[PostState], *, is_first: bool) -> tuple[PostState | None, bool]:
    """Whose successor the row names, and whether that cannot be told.

    Without a category a single present principal is succeeded. With one, the principal of the same category is; one whose
    category was never stated (其他) may be meant too. Otherwise the row names an additional principal.
    """
    if not candidates:
        return None, False
    if stated.category is None:
        if not is_first:
            return None, False
        return (candidates[0], False) if len(candidates) == 1 else (None, True)
    same = [post for post in candidates if post.category == stated.category]
    if same:
        return (same[0], False) if len(same) == 1 else (None, True)
    if len(candidates) == 1 and candidates[0].category == PostCategory.OTHER and is_first:
        return candidates[0], False
    return None, False
