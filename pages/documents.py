"""Documents: the 通报, the 台账, lists for the streets, the yearly summary, and files of enterprises and persons."""

from quiz import clock
from quiz.accounts.domain import Permission
from quiz.ui import components, documents_files, documents_view, gate, store

user, reach = gate.require_reach(Permission.PUBLISH_DOCUMENTS)
now = clock.now()

with store.reading() as session:
    components.page_header("通报与台账", "都从固化的快照生成：文件里的每个数字都能用快照号核对，以后名册变了也不会变。")
    asked = documents_view.question(session, user, reach, now=now)
    if asked is not None:
        documents_view.published(session, asked, user, reach, now=now)
    documents_view.year(session, user, reach, now=now)
    documents_files.dossiers(session, user, reach, now=now)
