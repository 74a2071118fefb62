"""What the pages of connections show and do, through Airbyte's API only."""
