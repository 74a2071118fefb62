"""The checks of a landing table: against its files, its columns, Airbyte's notes about values, and its primary key."""
