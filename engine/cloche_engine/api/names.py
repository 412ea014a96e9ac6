"""Names on the bus, one place for both sides."""

BUS_NAME = "org.cloche.Engine1"
ROOT_PATH = "/org/cloche/Engine1"
CONTAINERS_PATH = ROOT_PATH + "/containers"
MANAGER = "org.cloche.Engine1.Manager"
CONTAINER = "org.cloche.Engine1.Container"


def container_path(uuid: str) -> str:
    """The object of a container; uuid is 32 hex digits."""
    return f"{CONTAINERS_PATH}/{uuid}"
