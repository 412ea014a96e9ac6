"""Rights that a definition chooses: capabilities, ids, and who dies first for want of memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kernel.box import Box, Define
from tests.kernel.test_isolation import status_of

from cloche_engine.kernel.capabilities import NUMBERS, mask
from cloche_engine.sandbox.plan.rights import APPLICATION_CAPABILITIES

pytestmark = pytest.mark.kernel

MAP = """<idmap><uid start='0' target='1100000000' count='1000'/>
<uid start='5000' target='1100005000' count='1'/><gid start='0' target='1100100000' count='3'/>
</idmap>"""


def features(capabilities: str) -> str:
    """A definition's `<features>` with these."""
    return f"<features>{capabilities}</features>"


@pytest.mark.parametrize(
    ("capabilities", "kept"),
    [
        ("<capabilities><net_raw/><kill state='off'/></capabilities>",
         {*APPLICATION_CAPABILITIES, "net_raw"} - {"kill"}),
        ("<capabilities policy='deny'><chown/></capabilities>", {"chown"}),
        ("<capabilities policy='allow'><sys_module state='off'/></capabilities>",
         {*NUMBERS} - {"sys_module"}),
    ],
)  # fmt: skip
async def test_its_root_has_the_capabilities_that_were_chosen(
    define: Define, root: Path, capabilities: str, kept: set[str]
) -> None:
    box = await define(root=root, around=features(capabilities))
    await box.start()
    status = status_of((await box.now()).pid or 0)
    wanted = f"{mask(kept):016x}"
    assert [status[f"Cap{name}"] for name in ("Eff", "Prm", "Bnd")] == [wanted] * 3
    assert wanted in await box.run("grep CapEff /proc/self/status")
    assert status["NoNewPrivs"] == "1"


async def test_with_the_capability_of_an_administrator_come_its_calls(
    define: Define, root: Path
) -> None:
    (root / "mnt").mkdir()
    line = "busybox mount -t tmpfs none /mnt"
    plain = await define(name="plain", root=root)
    chosen = features("<capabilities><sys_admin/></capabilities>")
    administrator = await define(name="administrator", root=root, around=chosen)
    for box, ends in ((plain, False), (administrator, True)):
        await box.start()
        assert ((await box.status(line))[0] == 0) == ends


async def test_its_ids_are_those_that_were_chosen_and_no_others(define: Define, root: Path) -> None:
    box = await define(root=root, around=MAP)
    await box.start()
    status = status_of((await box.now()).pid or 0)
    assert (status["Uid"].split()[0], status["Gid"].split()[0]) == ("1100000000", "1100100000")
    assert (await box.run("id -u", user="5000:2")).strip() == "5000"
    assert await box.run("touch /made; chown 999:1 /made && echo given") == "given\n"
    made = (root / "made").stat()
    assert (made.st_uid, made.st_gid) == (999, 1)
    assert "Invalid argument" in await box.run("chown 1000 /made")


async def test_it_is_killed_before_what_is_outside(box: Box) -> None:
    pid = (await box.now()).pid
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "100\n"
    assert await box.run("cat /proc/self/oom_score_adj") == "100\n"
