"""dbt's own tests of an adapter: models, seeds, snapshots, incremental models and what is around them."""

from collections.abc import Iterator
from typing import Any

import pytest
from dbt.tests.adapter.aliases.test_aliases import BaseAliasErrors, BaseSameAliasDifferentSchemas
from dbt.tests.adapter.basic import test_adapter_methods, test_snapshot_check_cols, test_snapshot_timestamp
from dbt.tests.adapter.basic.test_base import BaseSimpleMaterializations
from dbt.tests.adapter.basic.test_empty import BaseEmpty
from dbt.tests.adapter.basic.test_ephemeral import BaseEphemeral
from dbt.tests.adapter.basic.test_generic_tests import BaseGenericTests
from dbt.tests.adapter.basic.test_incremental import BaseIncremental, BaseIncrementalNotSchemaChange
from dbt.tests.adapter.basic.test_singular_tests import BaseSingularTests
from dbt.tests.adapter.basic.test_singular_tests_ephemeral import BaseSingularTestsEphemeral
from dbt.tests.adapter.basic.test_table_materialization import BaseTableMaterialization
from dbt.tests.adapter.basic.test_validate_connection import BaseValidateConnection
from dbt.tests.adapter.concurrency.test_concurrency import BaseConcurrency
from dbt.tests.adapter.dbt_show.test_dbt_show import BaseShowDoesNotHandleDoubleLimit, BaseShowLimit, BaseShowSqlHeader
from dbt.tests.adapter.empty.test_empty import BaseTestEmpty, BaseTestEmptyInlineSourceRef
from dbt.tests.adapter.grants.test_incremental_grants import BaseIncrementalGrants
from dbt.tests.adapter.grants.test_model_grants import BaseModelGrants
from dbt.tests.adapter.grants.test_snapshot_grants import BaseSnapshotGrants
from dbt.tests.adapter.incremental.test_incremental_merge_exclude_columns import BaseMergeExcludeColumns
from dbt.tests.adapter.incremental.test_incremental_on_schema_change import BaseIncrementalOnSchemaChange
from dbt.tests.adapter.incremental.test_incremental_predicates import BaseIncrementalPredicates
from dbt.tests.adapter.incremental.test_incremental_unique_id import BaseIncrementalUniqueKey
from dbt.tests.adapter.query_comment.test_query_comment import BaseMacroQueryComments, BaseQueryComments
from dbt.tests.adapter.simple_snapshot.test_snapshot import BaseSnapshotCheck
from dbt.tests.adapter.store_test_failures_tests.basic import (
    StoreTestFailuresAsGeneric,
    StoreTestFailuresAsInteractions,
)
from dbt.tests.adapter.unit_testing.test_case_insensitivity import BaseUnitTestCaseInsensivity
from dbt.tests.adapter.unit_testing.test_invalid_input import BaseUnitTestInvalidInput


# fmt: off
class TestAdapterMethods(test_adapter_methods.BaseAdapterMethod): ...
class TestAliasErrors(BaseAliasErrors): ...
class TestConcurrency(BaseConcurrency): ...
class TestEmptyFlag(BaseTestEmpty): ...
class TestEmptyInlineSourceRef(BaseTestEmptyInlineSourceRef): ...
class TestEmptyProject(BaseEmpty): ...
class TestEphemeral(BaseEphemeral): ...
class TestGenericTests(BaseGenericTests): ...
class TestIncremental(BaseIncremental): ...
class TestIncrementalNotSchemaChange(BaseIncrementalNotSchemaChange): ...
class TestIncrementalOnSchemaChange(BaseIncrementalOnSchemaChange): ...
class TestIncrementalUniqueKey(BaseIncrementalUniqueKey): ...
class TestMacroQueryComments(BaseMacroQueryComments): ...
class TestMergeExcludeColumns(BaseMergeExcludeColumns): ...
class TestQueryComments(BaseQueryComments): ...
class TestSameAliasDifferentSchemas(BaseSameAliasDifferentSchemas): ...
class TestShowLimit(BaseShowLimit): ...
class TestShowSqlHeader(BaseShowSqlHeader): ...
class TestSingularTests(BaseSingularTests): ...
class TestSingularTestsEphemeral(BaseSingularTestsEphemeral): ...
class TestSnapshotCheck(BaseSnapshotCheck): ...
class TestSnapshotCheckCols(test_snapshot_check_cols.BaseSnapshotCheckCols): ...
class TestSnapshotTimestamp(test_snapshot_timestamp.BaseSnapshotTimestamp): ...
class TestStoredFailures(StoreTestFailuresAsGeneric): ...
class TestStoredFailuresInteractions(StoreTestFailuresAsInteractions): ...
class TestTables(BaseTableMaterialization): ...
class TestUnitTestCaseInsensitivity(BaseUnitTestCaseInsensivity): ...
class TestUnitTestInvalidInput(BaseUnitTestInvalidInput): ...
class TestValidateConnection(BaseValidateConnection): ...
# fmt: on


class TestMaterializations(BaseSimpleMaterializations):
    @pytest.fixture(scope="class")
    def test_config(self) -> dict[str, bool]:
        """BigQuery replaces a table by a view only with `--full-refresh`."""
        return {"require_full_refresh": True}


class TestIncrementalPredicates(BaseIncrementalPredicates):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        """BigQuery merges; its statement calls the table dbt_internal_dest."""
        return {"models": {"+incremental_predicates": ["dbt_internal_dest.id != 2"], "+incremental_strategy": "merge"}}


class TestShowDoubleLimit(BaseShowDoesNotHandleDoubleLimit):
    DATABASE_ERROR_MESSAGE = "Syntax error: Expected end of input but got keyword LIMIT"


class OurGrants:
    """The names of BigQuery's roles and of users. The emulator knows no users: any name is one."""

    def privilege_grantee_name_overrides(self) -> dict[str, str]:
        return {"select": "roles/bigquery.dataViewer", "insert": "roles/bigquery.dataEditor"}

    @pytest.fixture(scope="class", autouse=True)
    def get_test_users(self) -> Iterator[list[str]]:
        """Three users; the models read their names from the environment."""
        users = [f"user:{name}@example.com" for name in ("one", "two", "three")]
        with pytest.MonkeyPatch.context() as patch:
            for number, user in enumerate(users, 1):
                patch.setenv(f"DBT_TEST_USER_{number}", user)
            yield users


class TestModelGrants(OurGrants, BaseModelGrants): ...


class TestIncrementalGrants(OurGrants, BaseIncrementalGrants): ...


class TestSnapshotGrants(OurGrants, BaseSnapshotGrants): ...
