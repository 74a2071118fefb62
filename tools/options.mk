# The options of the commands, such as q= of `make sql`, and which variables of the shell the programs do not get.

# Each command with its options. Others are refused before anything runs: `make run q=orders` would materialize all assets.
options-of-sql := q
options-of-logs := s
options-of-restore := f yes
options-of-plan := o
options-of-apply := o
options-of-destroy := o
options-of-import := f o
options-of-seed := o
options-of-new-source := name file key header yes
options-of-remove-source := name yes
options-of-branch-dataset := name base drop
options-of-connector := name version id code yes
options-of-connector-remove := name yes
options-of-connector-table := names config
options-of-check := processes
options-of-test := moments workers processes
options-of-test-in-process := processes
options-of-test-integration := moments workers
options-of-clients := c
options-of-parity := cases seed kinds
options-of-bench := parts cases rows rounds models runs minutes out
options-of-bench-full := $(options-of-bench)
options-of-bench-page := $(options-of-bench)
options-of-console-users := console o
options-of-pictures := console o

# With capitals are the names of settings, such as DAGSTER_PORT, and of variables, such as CI: every command takes those.
given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
given := $(if $(given),$(shell printf '%s\n' $(given) | LC_ALL=C grep -v '[A-Z]'))
goals := $(or $(MAKECMDGOALS),help)
commands := $(shell sed -n 's/^\([a-z0-9-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))
ifneq ($(filter-out $(commands) .%,$(goals)),)
$(error There is no command $(filter-out $(commands),$(goals)). Nothing was done. To list the commands: make help)
endif
taken := $(sort $(foreach goal,$(goals),$(options-of-$(goal))))
# Of a make that calls this one, the options are given too.
ifeq ($(MAKELEVEL),0)
ifneq ($(filter-out $(taken),$(given)),)
$(error make $(goals) has no option $(filter-out $(taken),$(given))$(if $(taken), (its options: $(taken))). Nothing was done. To list the commands: make help)
endif
endif

# Only the command line of make sets an option, not a variable of the shell with this name: o=--prune there would delete.
# The value stays as it was written: make would expand each $ in it.
options := $(sort $(foreach variable,$(filter options-of-%,$(.VARIABLES)),$($(variable))))
as-written = override $(1) := $(if $(filter command,$(origin $(1))),$$(value $(1)))
$(foreach option,$(filter-out workers processes,$(options)),$(eval $(call as-written,$(option))))

# Python's own variables are for the user's programs: PYTHONPATH and PYTHONHOME would replace modules of the platform, and
# with PYTHONSAFEPATH, PYTHONINSPECT or PYTHON_GIL no command would work. All text is UTF-8, whatever the locale.
# The keyring stays: it has the password of a package index.
unexport $(filter-out PYTHON PYTHON_IMAGE PYTHON_KEYRING_BACKEND,$(filter PYTHON%,$(.VARIABLES)))
export PYTHONUTF8 := 1
