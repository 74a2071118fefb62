-- Macros that the rules call. A macro takes the fast path of DuckDB where it is exact, else a function of functions.py.
CREATE MACRO bq.main._numeric_string(x) AS
    CASE WHEN contains(x::VARCHAR, '.') THEN regexp_replace(rtrim(rtrim(x::VARCHAR, '0'), '.'), '^(-?)\.', '\1' || '0.') ELSE x::VARCHAR END;
CREATE MACRO bq.main._float_string(x) AS
    CASE WHEN abs(x) >= 1e15 THEN _float_text_exact(x) ELSE regexp_replace(x::DOUBLE::VARCHAR, '\.0$', '') END;
CREATE MACRO bq.main._any_string(x) AS CASE
    WHEN starts_with(typeof(x), 'DECIMAL') THEN bq.main._numeric_string(x)
    WHEN typeof(x) = 'DOUBLE' THEN bq.main._float_string(TRY_CAST(x::VARCHAR AS DOUBLE))
    ELSE x::VARCHAR END;

-- NUMERIC * and /. DuckDB rounds a DECIMAL(38, 18) to nine decimals with a slow division of 128-bit numbers. Where the
-- result is below 9e9, a double gives its first digits, cut off; what is left fits 64 bits, and is rounded exactly there.
-- DuckDB may compute a branch of CASE also for rows that do not take it; NULL stands in for their values there.
CREATE MACRO bq.main._billionths(x) AS TRY_CAST(trunc(x) AS BIGINT)::DECIMAL(19, 0) * 0.000000001::DECIMAL(9, 9);
CREATE MACRO bq.main._multiply_rest(a, b, q) AS (q + (a * b - q)::DECIMAL(18, 18)::DECIMAL(18, 9))::DECIMAL(38, 9);
CREATE MACRO bq.main._when(condition, x) AS CASE WHEN condition THEN x END;
CREATE MACRO bq.main._below(x, bound) AS abs(x) < bound;
CREATE MACRO bq.main._numeric_multiply(a, b) AS CASE
    WHEN bq.main._below(a::DOUBLE * b::DOUBLE, 9e9) THEN bq.main._multiply_rest(
        bq.main._when(bq.main._below(a::DOUBLE * b::DOUBLE, 9e9), a), b,
        bq.main._billionths(a::DOUBLE * b::DOUBLE * 999999999.999999))
    WHEN bq.main._below(a::DOUBLE * b::DOUBLE, 1e19)
        THEN (bq.main._when(bq.main._below(a::DOUBLE * b::DOUBLE, 1e19), a) * b)::DECIMAL(38, 9)
    ELSE _numeric_multiply_exact(a, b) END;
CREATE MACRO bq.main._divide_last(r, b) AS CASE
    WHEN 2 * abs(r) >= 3 * (abs(b) * 0.000000001::DECIMAL(9, 9)) THEN 0.000000002::DECIMAL(9, 9)
    WHEN 2 * abs(r) >= abs(b) * 0.000000001::DECIMAL(9, 9) THEN 0.000000001::DECIMAL(9, 9)
    ELSE 0::DECIMAL(9, 9) END;
CREATE MACRO bq.main._divide_second(a, b, q, r) AS
    q + bq.main._billionths(r::DOUBLE / b::DOUBLE * 999999999.999)
    + sign(a) * sign(b) * bq.main._divide_last(r - bq.main._billionths(r::DOUBLE / b::DOUBLE * 999999999.999) * b, b);
CREATE MACRO bq.main._divide_first(a, b, q) AS bq.main._divide_second(a, b, q, a - q * b);
CREATE MACRO bq.main._divide_is_fast(a, b) AS
    b <> 0 AND abs(a) < 1e10 AND abs(b) < 1e10 AND abs(a / b) < 9e9;
CREATE MACRO bq.main._numeric_divide(a, b) AS CASE
    WHEN bq.main._divide_is_fast(a::DOUBLE, b::DOUBLE) THEN bq.main._divide_first(
        bq.main._when(bq.main._divide_is_fast(a::DOUBLE, b::DOUBLE), a),
        bq.main._when(bq.main._divide_is_fast(a::DOUBLE, b::DOUBLE), b),
        bq.main._billionths(a::DOUBLE / b::DOUBLE * 999999999.999999))::DECIMAL(38, 9)
    ELSE _numeric_divide_exact(a, b) END;

CREATE MACRO bq.main._finite(x, y, f) AS
    CASE WHEN isfinite(x::DOUBLE) AND isinf(y) THEN _raise('Floating point overflow in function: ' || f)::DOUBLE ELSE y END;
CREATE MACRO bq.main._like(s, pattern, message) AS CASE
    WHEN s IS NULL OR regexp_matches(s, pattern) THEN trim(s)
    WHEN message IS NULL THEN NULL
    ELSE _raise(replace(message, '%s', s))::VARCHAR END;
CREATE MACRO bq.main._signed_hexadecimal(s) AS CASE
    WHEN s LIKE '_0x%' OR s LIKE '_0X%' THEN (CASE left(s, 1) WHEN '-' THEN -1 ELSE 1 END * TRY_CAST(substr(s, 2) AS BIGINT))::VARCHAR
    ELSE s END;
CREATE MACRO bq.main._from(n, size) AS CASE WHEN n = 0 THEN 1 WHEN n < -size THEN 1 WHEN n < 0 THEN size + n + 1 ELSE n END;
CREATE MACRO bq.main._substring(s, n, size) AS
    CASE WHEN size < 0 THEN _raise('Third argument in SUBSTR() cannot be negative')::VARCHAR
    ELSE substr(s, bq.main._from(n, length(s)), size) END;
CREATE MACRO bq.main._byte_substring(s, n, size) AS
    CASE WHEN size < 0 THEN _raise('Third argument in SUBSTR() cannot be negative')::BLOB
    ELSE from_hex(substr(hex(s), 2 * bq.main._from(n, octet_length(s)) - 1, 2 * coalesce(size, octet_length(s)))) END;
CREATE MACRO bq.main._thousandths(s) AS rpad(s, (length(s) + (3 - (length(split_part(s, '.', 2)) % 3)) % 3)::INTEGER, '0');
CREATE MACRO bq.main._fraction_string(x) AS
    CASE WHEN contains(x::VARCHAR, '.') THEN bq.main._thousandths(x::VARCHAR) ELSE x::VARCHAR END;
CREATE MACRO bq.main._instant_string(x) AS bq.main._fraction_string(timezone('UTC', x)) || '+00';
CREATE MACRO bq.main._interval_string_3(i) AS
    CASE WHEN contains(bq.main._interval_string(i), '.') THEN bq.main._thousandths(bq.main._interval_string(i)) ELSE bq.main._interval_string(i) END;
CREATE MACRO bq.main._quoted(s) AS
    CASE WHEN contains(s, '"') AND NOT contains(s, '''') THEN '''' || s || '''' ELSE '"' || replace(replace(s, '\', '\\'), '"', '\"') || '"' END;
CREATE MACRO bq.main._float_text(x) AS CASE WHEN abs(x) >= 1e15 THEN _float_text_exact(x) ELSE x::DOUBLE::VARCHAR END;
CREATE MACRO bq.main._float_literal(x) AS CASE WHEN isfinite(x::DOUBLE) THEN bq.main._float_text(x) ELSE 'CAST("' || x::VARCHAR || '" AS FLOAT64)' END;
CREATE MACRO bq.main._months_array(s, e, n) AS list_filter(
    list_transform(generate_series(0, datediff('month', s, e), n), lambda i: (s + to_months(i::INTEGER))::DATE), lambda d: d <= e);
CREATE MACRO bq.main._json_numeric(x) AS
    CASE WHEN x = trunc(x) AND abs(x) <= 9007199254740992 THEN bq.main._numeric_string(x)::JSON ELSE to_json(bq.main._numeric_string(x)) END;
CREATE MACRO bq.main._json_integer(x) AS CASE WHEN abs(x) <= 9007199254740992 THEN to_json(x) ELSE to_json(x::VARCHAR) END;
CREATE MACRO bq.main._json_float(x) AS
    CASE WHEN NOT isfinite(x) THEN to_json(CASE WHEN isnan(x) THEN 'NaN' WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END) ELSE regexp_replace(x::VARCHAR, '\.0$', '')::JSON END;
CREATE MACRO bq.main._json_instant(x) AS replace(bq.main._fraction_string(timezone('UTC', x)), ' ', 'T') || 'Z';
CREATE MACRO bq.main._json_datetime(x) AS replace(bq.main._fraction_string(x), ' ', 'T');
CREATE MACRO bq.main._json_bytes(x) AS base64(x);
-- Numbers with a fraction in JSON text: json_functions.MARK makes them strings, which DuckDB does not round.
CREATE MACRO bq.main._marked_numbers(s) AS CASE WHEN regexp_matches(s, '[0-9][.eE]') THEN _marked_json(s) ELSE s END;
CREATE MACRO bq.main._unmarked_numbers(s) AS CASE WHEN contains(s, chr(57344)) THEN regexp_replace(s, '"' || chr(57344) || '([^"]*)"', '\1', 'g') ELSE s END;
