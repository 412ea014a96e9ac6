"""`convert` and `spec`: a definition in another dialect, and what it means."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.shell import EXAMPLE, GOOD, LIBVIRT, LITERAL, Shell


def test_the_document_and_its_losses_do_not_mix(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", EXAMPLE)
    assert done.status == 0
    assert "lxc.cgroup.cpu.shares = 40\n" in done.out
    lines = done.said.splitlines()
    assert all(line.startswith(f"{EXAMPLE}: ") for line in lines)
    assert any(line.startswith(f"{EXAMPLE}: lost: nameservers: 192.168.1.1: ") for line in lines)


def test_json_holds_document_and_losses(clochectl: Shell) -> None:
    done = clochectl("convert", "--json", "--to", "lxc-conf", EXAMPLE)
    assert (done.json["from"], done.json["to"]) == ("linuxcontainer", "lxc-conf")
    assert "lxc.uts.name = Container123" in done.json["document"]
    paths = {loss["path"]: loss["value"] for loss in done.json["losses"]}
    assert paths["nameservers"] == ["192.168.1.1"]
    assert all(loss["why"] for loss in done.json["losses"])
    assert done.said == ""


def test_what_is_kept_without_an_effect_is_told_one_line_each(clochectl: Shell) -> None:
    clock = LIBVIRT.replace(b"</domain>", b"<clock offset='utc'/></domain>")
    done = clochectl("convert", "--to", "linuxcontainer", "-", fed=clock)
    line = "<stdin>: kept: domain/clock: in <kept>, without an effect in linuxcontainer"
    assert done.said.splitlines().count(line) == 1
    told = clochectl("convert", "--json", "--to", "linuxcontainer", "-", fed=clock)
    assert told.json["kept"] == [{"path": "domain/clock", "text": "<clock offset='utc'/>"}]
    back = clochectl("convert", "--to", "libvirt-lxc", "-", fed=done.out.encode())
    assert "kept: domain/clock" not in back.said


def test_a_limit_that_no_start_can_keep_is_told_when_it_is_converted_and_defined(
    clochectl: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "101.conf"
    file.write_text('VE_PRIVATE="/vz/private/$VEID"\nDISKSPACE="1048576:1153434"\n')
    done = clochectl("convert", "--to", "linuxcontainer", file)
    (line,) = [each for each in done.said.splitlines() if "to be corrected" in each]
    assert "space-limit: the container will not start: the kernel limits the space of a " in line
    assert "truncate -s 1153434K FILE" in line
    defined = clochectl("--connect", "test:", "define", "-", fed=done.out.encode())
    assert (defined.status, defined.out) == (0, "101: defined\n")
    assert ": warning: space-limit: the container will not start: " in defined.said


def test_a_container_of_openvz_without_its_files_is_told(clochectl: Shell, tmp_path: Path) -> None:
    file = tmp_path / "101.conf"
    for line, told in (("", 1), ('VE_PRIVATE="/vz/private/$VEID"', 0)):
        file.write_text(f'OSTEMPLATE="debian-7.0-x86_64"\n{line}\n')
        said = clochectl("convert", "--to", "linuxcontainer", file).said
        assert said.count("template-root: the root is a fresh copy of template debian-7.0") == told


def test_strict_has_status_3_where_something_is_lost(clochectl: Shell) -> None:
    assert clochectl("convert", "--strict", "--to", "lxc-conf", EXAMPLE).status == 3
    assert clochectl("convert", "--strict", "--json", "--to", "vserver", EXAMPLE).status == 3
    assert clochectl("convert", "--strict", "--to", "linuxcontainer", EXAMPLE).status == 0


def test_t17_a_conversion_says_how_an_idmap_was_understood(clochectl: Shell) -> None:
    maps = b"lxc.idmap = u 100000 0 65536\nlxc.idmap = g 100000 0 65536\n"
    data = b"lxc.uts.name = one\nlxc.rootfs.path = /srv/one\nlxc.init.cmd = /bin/sh\n" + maps
    for words in (("convert", "--to", "libvirt-lxc"), ("spec",)):
        done = clochectl(*words, "-", fed=data)
        assert done.status == 0
        assert "<stdin>:4:13: warning: idmap: the host's ids stand first" in done.said
        usual = clochectl(*words, "-", fed=data.replace(b"100000 0", b"0 100000"))
        assert "warning" not in usual.said


def test_a_document_with_errors_is_not_converted(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", LITERAL)
    assert (done.status, done.out) == (1, "")
    first, second, summary = done.said.splitlines()
    assert first.startswith(f"{LITERAL}:19:48: error: not-well-formed: ")
    assert second.startswith(f"{LITERAL}:20:")
    assert summary.startswith(f"clochectl: {LITERAL}: 2 errors; ")
    told = clochectl("convert", "--json", "--to", "lxc-conf", LITERAL)
    assert told.json["document"] is None
    assert [problem["line"] for problem in told.json["problems"]] == [19, 20]


def test_a_virtual_machine_is_refused_by_name(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", "-", fed=b"<domain type='kvm'/>")
    assert "a domain of type 'kvm' is a virtual machine of KVM" in done.line


def test_a_container_can_be_named_anew(clochectl: Shell) -> None:
    done = clochectl("convert", "--to", "lxc-conf", "--name", "other", EXAMPLE)
    assert "lxc.uts.name = other\n" in done.out
    assert "lost: name:" not in done.said


def test_spec_is_one_json_document_with_the_canonical_keys(clochectl: Shell) -> None:
    spec = clochectl("spec", EXAMPLE).json
    assert spec["uuid"] == "8dfd44b31e76d8d335150a2d98211ea0"
    assert spec["filesystems"][0]["target"] == "/etc"
    assert spec["interfaces"][0]["addresses"] == ["192.168.1.110/24"]
    assert spec["cpu"]["shares"] == 40
    assert (spec["environment"], spec["consoles"], spec["opaque"]) == ({}, 1, [])
    assert clochectl("spec", "--json", EXAMPLE).out.count("\n") == 1


def test_spec_of_a_dialect_that_is_named(clochectl: Shell) -> None:
    line = b'HOSTNAME="web"\n'
    assert clochectl("spec", "--from", "openvz-conf", "-", fed=line).json["hostname"] == "web"
    assert clochectl("spec", "--from", "lxc-conf", "-", fed=line).status == 1


def test_spec_tells_every_error_of_a_document(clochectl: Shell) -> None:
    done = clochectl("spec", LITERAL)
    assert (done.status, done.out) == (1, "")
    assert done.said.startswith(f"{LITERAL}:19:48: error: ")
    assert len(done.said.splitlines()) == 3
    one = clochectl("spec", "-", fed=GOOD.replace(b">one<", b">-one<"))
    assert one.line.startswith("<stdin>:1:")


def test_from_overrides_what_the_type_says(clochectl: Shell) -> None:
    untyped = LIBVIRT.replace(b" type='lxc'", b"")
    assert "domain-type" in clochectl("spec", "-", fed=untyped).line
    assert clochectl("spec", "--from", "libvirt-lxc", "-", fed=untyped).json["name"] == "one"
