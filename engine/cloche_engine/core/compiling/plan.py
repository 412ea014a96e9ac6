"""The plan of one start."""

from __future__ import annotations

from cloche_engine.core.compiling.ending import compile_ending
from cloche_engine.core.compiling.limits import compile_limits
from cloche_engine.core.compiling.links import Ports, compile_links, compile_nameservers
from cloche_engine.core.compiling.mounts import Storage, compile_mounts, compile_root
from cloche_engine.core.compiling.rights import (
    compile_ids,
    compile_profile,
    compile_rights,
    compile_runtime_directory,
)
from cloche_engine.core.places import Places
from cloche_engine.definition.spec import ContainerSpec
from cloche_engine.definition.units import CONSOLE_KIB
from cloche_engine.sandbox.plan.launch import LaunchPlan


def compile_plan(
    spec: ContainerSpec, uuid: str, id_base: int, places: Places, ports: Ports
) -> LaunchPlan:
    """The plan of a start; UnsupportedError where the definition wants more than there is yet."""
    rights = compile_rights(spec)
    first_id, ids = compile_ids(rights, id_base)
    storage = Storage(uuid, places)
    links = compile_links(spec, uuid, places.instance, ports)
    return LaunchPlan(
        uuid=uuid,
        name=spec.name,
        hostname=spec.effective_hostname,
        argv=spec.program,
        environment=spec.environment,
        directory=spec.directory or "",
        user=spec.user or ("0" if spec.group else ""),
        group=spec.group or "",
        root=compile_root(spec, storage),
        mounts=(*compile_runtime_directory(spec), *compile_mounts(spec, storage)),
        links=links,
        nameservers=compile_nameservers(spec, links),
        id_base=first_id,
        id_count=ids,
        limits=compile_limits(spec),
        runtime=str(places.runtime / uuid),
        log=str(places.log(uuid)),
        exit_record=str(places.exit_record(uuid)),
        ending=compile_ending(spec),
        rights=rights,
        profile=compile_profile(rights, places),
        console_bytes=(spec.console_kib or CONSOLE_KIB) * 1024,
    )
