"""Why a start failed, or a program ended badly: cause, place in the definition, next step."""
