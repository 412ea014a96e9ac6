"""The methods on the bus for templates: each one call to the engine and a conversion."""

from __future__ import annotations

from cloche_engine.api.bus_templates import PROGRESS, template_values
from cloche_engine.api.errors import InvalidArgumentError
from cloche_engine.api.names import MANAGER
from cloche_engine.daemon.actions import Action
from cloche_engine.daemon.jobs import check_job_name
from cloche_engine.daemon.table import Call, Method, Reply, Signal, arguments

_TEMPLATE = "(sttdsas)"


async def _list(call: Call) -> Reply:
    return Reply(([template_values(each) for each in await call.engine.templates.all()],))


async def _add(call: Call) -> Reply:
    job, name, index = call.arguments
    check_job_name(job)
    if index >= len(call.descriptors):
        raise InvalidArgumentError(
            "no descriptor came with the call", "pass that of an archive or a directory"
        )
    source = call.descriptors[index]
    template = await call.engine.templates.add(name, source, call.tell)
    return Reply((template_values(template),))


async def _debootstrap(call: Call) -> Reply:
    job, name, suite = call.arguments
    check_job_name(job)
    template = await call.engine.templates.debootstrap(name, suite, call.tell)
    return Reply((template_values(template),))


async def _remove(call: Call) -> Reply:
    await call.engine.templates.remove(call.arguments[0])
    return Reply()


async def _cancel(call: Call) -> Reply:
    call.jobs.cancel(call.caller, call.arguments[0])
    return Reply()


TEMPLATE_METHODS: tuple[Method, ...] = tuple(
    Method(MANAGER, member, arguments(inputs), arguments(outputs), action, handler, is_job=is_job)
    for is_job, member, inputs, outputs, action, handler in (
        (False, "ListTemplates", "", f"templates:a{_TEMPLATE}", Action.LIST, _list),
        (True, "AddTemplate", "job:s name:s source:h", f"template:{_TEMPLATE}", Action.TEMPLATES,
         _add),
        (True, "Debootstrap", "job:s name:s suite:s", f"template:{_TEMPLATE}", Action.TEMPLATES,
         _debootstrap),
        (False, "RemoveTemplate", "name:s", "", Action.TEMPLATES, _remove),
        (False, "CancelJob", "job:s", "", None, _cancel),
    )
)  # fmt: skip
JOB_PROGRESS = Signal(MANAGER, PROGRESS, arguments("job:s done:t total:t words:s"))
