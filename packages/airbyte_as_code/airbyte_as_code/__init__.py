"""Airbyte as code: compares what connections.yaml declares with the objects in Airbyte, plans the changes, makes them.

The caller passes the address and the credentials of Airbyte, the connections file and the folder of the state: this
package reads no settings. `overview` gives a plan as data, and changes nothing.
"""
