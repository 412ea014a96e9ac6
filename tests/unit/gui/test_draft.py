"""A draft: one document under two views."""

from __future__ import annotations

from dataclasses import replace

from cloche_engine.api.model import StoredDefinition
from cloche_engine.api.networks import Network
from cloche_engine.definition.document import Document
from cloche_gui.presenters import mounts, network, parts
from cloche_gui.presenters.draft import Draft, Drafts, Origin, Part

TEXT = b"""<domain type='linuxcontainer'>
  <!-- mine -->
  <name>web</name>
  <container>
    <application>/bin/sh</application>
    <network hostname='web'>
      <ip address='10.20.0.2' netmask='255.255.255.0'>
        <gateway address='10.20.0.1'/>
      </ip>
    </network>
  </container>
  <memory>65536</memory>
</domain>
"""


def _draft(text: bytes = TEXT) -> Draft:
    return Draft("0" * 32, StoredDefinition(text, "one"))


def test_an_address_that_a_start_will_refuse_is_a_problem_of_the_draft() -> None:
    lines = ["<interface type='network'>", "<ip address='10.64.16.9' prefix='22'/>"]
    own = "\n".join([*lines, "<source network='default'/></interface></container>"])
    text = TEXT.replace(TEXT[TEXT.index(b"<network") : TEXT.index(b"</container>")], b"")
    text = text.replace(b"</container>", own.encode())
    known = Network("default", ranges=(("10.64.16.2/22", "10.64.19.233/22"),))
    other = ("1" * 32, "10.64.16.9")
    for network_now, told in (
        (Network("default"), []),
        (known, []),
        (replace(known, leases=(other,)), ["address-held"]),
        (replace(known, ranges=(("10.9.0.2/22", "10.9.3.233/22"),)), ["address-outside"]),
    ):
        drafts = Drafts()
        drafts.networks = [network_now]
        draft = drafts.hear("0" * 32, StoredDefinition(text, "one"))
        assert [problem.code for problem in draft.problems] == told
        assert draft.blocked == ""


def test_a_form_edit_changes_its_node_and_no_other_byte() -> None:
    draft = _draft()

    parts.edit_part(Part.MEMORY, draft, 131072)

    assert draft.document.data == TEXT.replace(b"65536", b"131072")
    assert draft.dirty
    assert draft.blocked == ""


def test_an_edit_back_to_what_was_leaves_nothing_to_apply() -> None:
    draft = _draft()

    parts.edit_part(Part.NAME, draft, "other")
    parts.edit_part(Part.NAME, draft, "web")

    assert not draft.dirty


def test_a_value_that_the_document_cannot_take_waits_with_its_reason() -> None:
    draft = _draft()

    parts.edit_part(Part.NAME, draft, "no good!")

    assert draft.document.data == TEXT
    assert draft.dirty
    assert draft.blocked.startswith("Name: ")
    assert parts.value(Part.NAME, draft) == "no good!"
    parts.edit_part(Part.NAME, draft, "good")
    assert draft.blocked == ""


def test_an_edited_text_shows_in_the_forms() -> None:
    draft = _draft()

    draft.replace_text(draft.text.replace("65536", "131072"))

    assert parts.value(Part.MEMORY, draft) == 131072


def test_a_broken_text_keeps_the_last_good_values_and_says_where() -> None:
    draft = _draft()

    draft.replace_text(draft.text.replace("</name>", "</nam"))

    assert parts.value(Part.MEMORY, draft) == 65536
    assert not draft.forms_follow
    assert draft.broken.startswith("Line ")
    assert draft.blocked == draft.broken


def test_how_many_mistakes_more_there_are_is_told_with_the_first() -> None:
    draft = _draft()
    draft.replace_text(
        draft.text.replace("65536", "much").replace("</domain>", "<cpushare>1</cpushare></domain>")
    )
    assert sum(problem.is_error for problem in draft.problems) == 2
    assert draft.blocked.startswith("Line ")
    assert draft.blocked.endswith(". And 1 more, on the XML page.")


def test_discard_goes_back_and_tells_everyone() -> None:
    draft = _draft()
    heard: list[Origin] = []
    draft.replace_text("nonsense")
    draft.listen(heard.append)

    draft.discard()

    assert draft.document.data == TEXT
    assert heard == [Origin.STORE]


def test_what_is_typed_while_a_save_runs_is_not_lost() -> None:
    draft = _draft()
    parts.edit_part(Part.MEMORY, draft, 131072)
    sent = draft.document.data
    parts.edit_part(Part.MEMORY, draft, 262144)

    draft.saved(sent, StoredDefinition(sent, "two"))

    assert draft.etag == "two"
    assert draft.dirty
    assert parts.value(Part.MEMORY, draft) == 262144


def test_someone_elses_save_is_followed_where_nothing_was_edited() -> None:
    drafts = Drafts()
    draft = drafts.hear("u", StoredDefinition(TEXT, "one"))

    drafts.hear("u", StoredDefinition(TEXT.replace(b"65536", b"1024000"), "two"))

    assert parts.value(Part.MEMORY, draft) == 1024000
    assert drafts.unsaved() == []


def test_someone_elses_save_never_overwrites_an_edit() -> None:
    drafts = Drafts()
    draft = drafts.hear("u", StoredDefinition(TEXT, "one"))
    parts.edit_part(Part.NAME, draft, "mine")

    drafts.hear("u", StoredDefinition(TEXT.replace(b"65536", b"1024000"), "two"))

    assert draft.theirs is not None
    assert parts.value(Part.NAME, draft) == "mine"
    assert drafts.unsaved() == [draft]
    draft.overwrite()
    assert draft.etag == "two"


def test_the_network_form_says_what_the_document_says_and_writes_it_back() -> None:
    draft = _draft()
    shown = parts.value(Part.NETWORK, draft)
    assert shown == network.Network(
        network.Mode.PRIVATE,
        address="10.20.0.2",
        netmask="255.255.255.0",
        gateway="10.20.0.1",
    )

    parts.edit_part(Part.NETWORK, draft, shown)
    assert draft.document.data == TEXT

    wrong = network.Network(network.Mode.PRIVATE, address="10.20.0.2", gateway="10.9.9.9")
    parts.edit_part(Part.NETWORK, draft, wrong)
    assert "gateway" in draft.blocked.lower()
    parts.edit_part(Part.NETWORK, draft, network.Network())
    assert draft.blocked == ""
    assert draft.spec is not None
    assert draft.spec.interfaces == ()
    assert draft.spec.hostname == "web"


def test_addresses_of_ones_own_give_way_to_the_managed_network_and_come_back() -> None:
    draft = _draft()
    own = parts.value(Part.NETWORK, draft)

    parts.edit_part(Part.NETWORK, draft, network.Network(network.Mode.MANAGED))
    assert draft.blocked == ""
    shown = parts.value(Part.NETWORK, draft)
    assert isinstance(shown, network.Network)
    assert (shown.mode, shown.address, shown.gateway) == (network.Mode.MANAGED, "", "")
    assert draft.document.compiled().hostname == "web"
    parts.edit_part(Part.NETWORK, draft, own)
    assert parts.value(Part.NETWORK, draft) == own


def test_a_network_that_only_xml_can_say_is_replaced_as_a_whole() -> None:
    bridge = "<interface type='bridge'><source bridge='br0'/></interface>"
    macvlan = "<interface type='direct'><source dev='eth0' mode='vepa'/></interface>"
    for inside in (bridge + macvlan, macvlan):
        draft = _draft(TEXT.replace(b"</network>", f"</network>{inside}".encode()))
        shown = parts.value(Part.NETWORK, draft)
        assert isinstance(shown, network.Network)
        assert shown.mode is network.Mode.OTHER
        chosen = network.Network(network.Mode.BRIDGE, "br7", "10.20.0.3", "24")
        parts.edit_part(Part.NETWORK, draft, chosen)
        assert draft.blocked == ""
        (interface,) = draft.document.compiled().interfaces
        assert (interface.source, interface.mode) == ("br7", None)
        parts.edit_part(Part.NETWORK, draft, network.Network())
        assert draft.document.compiled().interfaces == ()


def test_a_mount_without_a_source_is_named_by_its_row() -> None:
    draft = _draft()

    parts.edit_part(Part.MOUNTS, draft, (mounts.Mount("/srv", "/data"), mounts.Mount("", "/x")))
    assert "Mount 2" in draft.blocked
    parts.edit_part(Part.MOUNTS, draft, (mounts.Mount("/srv", "/data", readonly=True),))

    assert draft.blocked == ""
    spec = Document.parse(draft.document.data).compiled()
    assert [(fs.source, fs.target, fs.readonly) for fs in spec.filesystems] == [
        ("/srv", "/data", True)
    ]


def test_arguments_are_quoted_as_in_a_shell_and_an_open_quote_is_told() -> None:
    draft = _draft()

    parts.edit_part(Part.PROGRAM, draft, parts.Program("/bin/echo", "one 'two words'"))
    assert draft.spec is not None
    assert draft.spec.program == ("/bin/echo", "one", "two words")
    assert parts.value(Part.PROGRAM, draft) == parts.Program("/bin/echo", "one 'two words'")

    parts.edit_part(Part.PROGRAM, draft, parts.Program("/bin/echo", "'open"))
    assert "quote" in draft.blocked
