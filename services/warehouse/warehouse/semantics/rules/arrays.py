"""Arrays, and the rows that UNNEST makes of them."""

from sqlglot import exp

from warehouse.semantics.nodes import Node, call, datatype
from warehouse.semantics.rule import Facts, rule

STRUCT = exp.DataType.Type.STRUCT


@rule("ARRAY_CONCAT with NULL is NULL", exp.ArrayConcat)
def array_concat(node: exp.ArrayConcat, facts: Facts) -> Node | None:
    arrays = [node.this, *node.expressions]
    if all(isinstance(array, exp.Array) for array in arrays):
        return None
    missing = exp.or_(*(exp.Is(this=array.copy(), expression=exp.null()) for array in arrays))
    return exp.Case(ifs=[exp.If(this=missing, true=exp.null())], default=node.copy())


@rule("ORDER BY after SELECT AS STRUCT sees the aliases of its fields", exp.Select)
def struct_order(select: exp.Select, facts: Facts) -> None:
    order = select.args.get("order")
    if select.args.get("kind") != "STRUCT" or order is None:
        return
    fields = {item.alias.casefold(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
    for ordered in order.expressions:
        name = ordered.this
        if isinstance(name, exp.Column) and not name.table and name.name.casefold() in fields:
            name.replace(exp.Paren(this=fields[name.name.casefold()].copy()))


@rule("UNNEST of STRUCTs makes their fields columns", exp.Unnest)
def unnest_structs(unnest: exp.Unnest, facts: Facts) -> Node | None:
    array = datatype(unnest.expressions[0]) if len(unnest.expressions) == 1 else None
    element = array.expressions[0] if array is not None and array.expressions else None
    if not isinstance(element, exp.DataType) or element.this != STRUCT:
        return None
    if not isinstance(unnest.parent, exp.From | exp.Join):
        return None
    offset, alias = unnest.args.get("offset"), unnest.args.get("alias")
    named = all(isinstance(field, exp.ColumnDef) for field in element.expressions)
    if not offset and named:
        unnest.set("explode_array", True)
        if alias and alias.columns and not alias.this:  # in `UNNEST(a) x` the alias names the rows
            unnest.set("alias", exp.TableAlias(this=alias.columns[0]))
        return None
    label = alias.columns[0] if alias and alias.columns else (alias and alias.this)
    numbered = exp.Unnest(
        expressions=[exp.Paren(this=unnest.expressions[0].copy())],  # local-bigquery does not look into parentheses
        alias=exp.TableAlias(this=exp.to_identifier("_u"), columns=[exp.to_identifier("_e"), exp.to_identifier("_i")]),
        offset=True,
    )
    columns: list[Node] = [exp.Column(this=exp.Star(), table=exp.to_identifier("_e"))]
    if not named:
        fields = range(len(element.expressions))
        columns = [exp.alias_(call("struct_extract", exp.column("_e", "_u"), n + 1), f"f{n}_") for n in fields]
    if offset:
        name = offset.name if isinstance(offset, exp.Identifier) else "offset"
        columns.append(exp.alias_(exp.column("_i", "_u") - 1, name))
    rows = exp.select(*columns).from_(numbered)
    return exp.Subquery(this=rows, alias=exp.TableAlias(this=label.copy()) if label else None)
