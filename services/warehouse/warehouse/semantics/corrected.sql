-- Replaces the macros of local-bigquery whose results differ from BigQuery's.
CREATE OR REPLACE MACRO bq.main._fraction(micros) AS
    CASE WHEN micros % 1000000 = 0 THEN '' WHEN micros % 1000 = 0 THEN printf('.%03d', micros % 1000000 // 1000)
    ELSE printf('.%06d', micros % 1000000) END;
CREATE OR REPLACE MACRO bq.main.soundex(s) AS _soundex(s);
CREATE OR REPLACE MACRO bq.main.code_points_to_string(points) AS
    CASE WHEN list_count(points) = len(points) THEN array_to_string(list_transform(points, lambda c:
        CASE WHEN c BETWEEN 55296 AND 57343 OR c NOT BETWEEN 0 AND 1114111 THEN _raise('Invalid codepoint ' || c)::VARCHAR ELSE chr(c::INTEGER) END), '') END;
CREATE OR REPLACE MACRO bq.main.code_points_to_bytes(points) AS
    CASE WHEN list_count(points) = len(points) THEN unhex(array_to_string(list_transform(points, lambda p:
        CASE WHEN p NOT BETWEEN 0 AND 255 THEN _raise('Invalid ASCII value ' || p)::VARCHAR ELSE lpad(to_hex(p), 2, '0') END), '')) END;
CREATE OR REPLACE MACRO bq.main._exact_number(s) AS
    CASE WHEN s IS NULL OR regexp_full_match(trim(s), '[+-]?\s*(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?') THEN replace(trim(s), ' ', '')
    ELSE _raise('Invalid input to PARSE_NUMERIC: "' || s || '"')::VARCHAR END;
CREATE OR REPLACE MACRO bq.main.parse_numeric(s) AS CAST(bq.main._exact_number(s) AS DECIMAL(38, 9));
CREATE OR REPLACE MACRO bq.main._bignumeric_text(s) AS CASE WHEN length(s) > 19 OR s ILIKE '%e%' THEN _bignumeric_text(s) ELSE s END;
CREATE OR REPLACE MACRO bq.main.parse_bignumeric(s) AS CAST(bq.main._bignumeric_text(bq.main._exact_number(s)) AS DECIMAL(38, 18));
CREATE OR REPLACE MACRO bq.main._not_zero(x, name, y) AS CASE WHEN x = 0 THEN _raise('Floating point error in function: ' || name || '(0)')::DOUBLE ELSE y END;
CREATE OR REPLACE MACRO bq.main.coth(x) AS bq.main._not_zero(x, 'COTH', 1 / tanh(x));
CREATE OR REPLACE MACRO bq.main.csch(x) AS bq.main._not_zero(x, 'CSCH', 1 / sinh(x));
CREATE OR REPLACE MACRO bq.main.csc(x) AS bq.main._not_zero(x, 'CSC', 1 / sin(x));
CREATE OR REPLACE MACRO bq.main._of_type(j, name, types, y) AS
    CASE WHEN j IS NOT NULL AND NOT list_contains(types, json_type(j)) THEN _raise('The provided JSON input is not ' || name) ELSE y END;
CREATE OR REPLACE MACRO bq.main.bool(j) AS CASE WHEN j IS NULL THEN NULL WHEN json_type(j) = 'BOOLEAN' THEN j::BOOLEAN
    ELSE _raise('The provided JSON input is not a boolean') END;
CREATE OR REPLACE MACRO bq.main.float64(j) AS CASE WHEN j IS NULL THEN NULL WHEN bq.main._json_number(j) THEN j::DOUBLE
    ELSE _raise('The provided JSON input is not a number') END;
CREATE OR REPLACE MACRO bq.main.int64(j) AS CASE WHEN j IS NULL THEN NULL
    WHEN json_type(j) IN ('BIGINT', 'UBIGINT') THEN j::BIGINT
    WHEN json_type(j) = 'DOUBLE' AND j::DOUBLE = trunc(j::DOUBLE) THEN j::DOUBLE::BIGINT
    ELSE _raise('The provided JSON input is not an integer') END;
CREATE OR REPLACE MACRO bq.main.json_set(j, path, value) AS _json_set(j::VARCHAR, path, coalesce(to_json(value)::VARCHAR, 'null'))::JSON;
CREATE OR REPLACE MACRO bq.main.json_remove(j, path) AS _json_remove(j::VARCHAR, path)::JSON;
CREATE OR REPLACE MACRO bq.main.json_strip_nulls(j) AS _json_without_nulls(j::VARCHAR)::JSON;
CREATE OR REPLACE MACRO bq.main._json_elements(value) AS
    CASE WHEN value IS NULL THEN '[null]' WHEN typeof(value) LIKE '%[]' THEN to_json(value)::VARCHAR ELSE to_json([value])::VARCHAR END;
CREATE OR REPLACE MACRO bq.main.json_array_append(j, path, value) AS _json_append(j::VARCHAR, path, bq.main._json_elements(value))::JSON;
CREATE OR REPLACE MACRO bq.main.json_array_insert(j, path, value) AS _json_insert(j::VARCHAR, path, bq.main._json_elements(value))::JSON;
CREATE OR REPLACE MACRO bq.main._first_code_point(s) AS CASE WHEN s = '' THEN 0 ELSE unicode(s) END;
CREATE OR REPLACE MACRO bq.main._ascii(s) AS CASE WHEN s = '' THEN 0 WHEN unicode(s) > 127
    THEN _raise('Argument to ASCII is not a structurally valid ASCII string: ''' || s || '''')::BIGINT ELSE unicode(s) END;
CREATE OR REPLACE MACRO bq.main._not_negative(n, words) AS CASE WHEN n < 0 THEN _raise(words || ' cannot be negative')::BIGINT ELSE n END;
CREATE OR REPLACE MACRO bq.main._left(s, n) AS left(s, bq.main._not_negative(n, 'Second argument in LEFT()'));
CREATE OR REPLACE MACRO bq.main._right(s, n) AS right(s, bq.main._not_negative(n, 'Second argument in RIGHT()'));
CREATE OR REPLACE MACRO bq.main._repeat(s, n) AS repeat(s, bq.main._not_negative(n, 'Second argument (repeat count) for REPEAT'));
CREATE OR REPLACE MACRO bq.main._left_pad(s, n, fill) AS lpad(s, bq.main._not_negative(n, 'Second argument (output size) for LPAD/RPAD')::INTEGER, fill);
CREATE OR REPLACE MACRO bq.main._right_pad(s, n, fill) AS rpad(s, bq.main._not_negative(n, 'Second argument (output size) for LPAD/RPAD')::INTEGER, fill);
CREATE OR REPLACE MACRO bq.main._lower(s) AS CASE WHEN contains(s, 'İ') THEN _lower(s) ELSE lower(s) END;
CREATE OR REPLACE MACRO bq.main._reverse(s) AS CASE WHEN strlen(s) > length(s) THEN _reverse(s) ELSE reverse(s) END;
CREATE OR REPLACE MACRO bq.main._acosh(x) AS CASE WHEN x < 1 THEN _raise('Floating point error in function: ACOSH(' || x || ')')::DOUBLE ELSE acosh(x) END;
CREATE OR REPLACE MACRO bq.main._cot(x) AS bq.main._not_zero(x, 'COT', cot(x));
CREATE OR REPLACE MACRO bq.main._unix_millis(x) AS (epoch_us(x) - (epoch_us(x) % 1000 + 1000) % 1000) // 1000;
CREATE OR REPLACE MACRO bq.main._interval_json(i) AS _json_interval(bq.main._interval_string(i));
CREATE OR REPLACE MACRO bq.main._json_document(j) AS _json_sorted(j::VARCHAR)::JSON;
CREATE OR REPLACE MACRO bq.main._json_wide(x) AS bq.main._numeric_string(x)::JSON;
CREATE OR REPLACE MACRO bq.main._instr(s, t, p, n) AS CASE WHEN s IS NULL OR t IS NULL OR p IS NULL OR n IS NULL THEN NULL
    WHEN p > 0 THEN coalesce(list_filter(bq.main._positions(s, t), lambda i: i >= p)[n], 0)
    ELSE coalesce(list_reverse(list_filter(bq.main._positions(s, t), lambda i: i <= length(s) + p + 1))[n], 0) END;
CREATE OR REPLACE MACRO bq.main._parse_json_exact(s) AS CASE
    WHEN _json_refusal(s) <> '' THEN _raise(_json_refusal(s))
    ELSE _json_sorted(json(s)::VARCHAR)::JSON END;
CREATE OR REPLACE MACRO bq.main.parse_json(s) AS bq.main._parse_json_exact(s),
    (s, mode) AS CASE lower(mode) WHEN 'exact' THEN bq.main._parse_json_exact(s)
    WHEN 'round' THEN CASE WHEN _json_overflow(s) <> '' THEN _raise(_json_overflow(s)) ELSE _json_rounded(json(s)::VARCHAR)::JSON END
    ELSE _raise('Invalid wide_number_mode: ' || mode)::JSON END;
CREATE OR REPLACE MACRO bq.main._days_apart(micros) AS to_days((micros // 86400000000)::INTEGER) + to_microseconds(micros - micros // 86400000000 * 86400000000);
CREATE OR REPLACE MACRO bq.main._finite_of_two(a, b, y, name) AS
    CASE WHEN NOT isfinite(y) AND isfinite(a::DOUBLE) AND isfinite(b::DOUBLE) THEN _raise('Floating point error in function: ' || name || '(' || a || ', ' || b || ')')::DOUBLE ELSE y END;
CREATE OR REPLACE MACRO bq.main._finite_add(a, b) AS bq.main._finite_of_two(a, b, a::DOUBLE + b::DOUBLE, '+');
CREATE OR REPLACE MACRO bq.main._finite_sub(a, b) AS bq.main._finite_of_two(a, b, a::DOUBLE - b::DOUBLE, '-');
CREATE OR REPLACE MACRO bq.main._finite_mul(a, b) AS bq.main._finite_of_two(a, b, a::DOUBLE * b::DOUBLE, '*');
CREATE OR REPLACE MACRO bq.main._finite_pow(a, b) AS bq.main._finite_of_two(a, b, pow(a::DOUBLE, b::DOUBLE), 'POW');
CREATE OR REPLACE MACRO bq.main._finite_div(a, b) AS
    CASE WHEN b = 0 THEN _raise('division by zero: ' || regexp_replace(a::VARCHAR, '\.0$', '') || ' / ' || regexp_replace(b::VARCHAR, '\.0$', ''))::DOUBLE
    ELSE bq.main._finite_of_two(a, b, a::DOUBLE / b::DOUBLE, '/') END;
CREATE OR REPLACE MACRO bq.main._date_in_range(d) AS
    CASE WHEN d NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN _raise('date is out of range: ' || d)::DATE ELSE d END;
CREATE OR REPLACE MACRO bq.main._datetime_in_range(d) AS
    CASE WHEN d NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN _raise('datetime is out of range: ' || d)::TIMESTAMP ELSE d END;
CREATE OR REPLACE MACRO bq.main._timestamp_in_range(d) AS
    CASE WHEN epoch_us(d) NOT BETWEEN -62135596800000000 AND 253402300799999999 THEN _raise('timestamp is out of range: ' || d)::TIMESTAMPTZ ELSE d END;
CREATE OR REPLACE MACRO bq.main._in_range_of_zone(t, zone) AS CASE WHEN timezone(zone, t) NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
    THEN _raise('timestamp is out of range in the time zone ' || zone || ': ' || t)::TIMESTAMPTZ ELSE t END;
CREATE OR REPLACE MACRO bq.main._two_digit_offset(s) AS regexp_replace(s, '(:\d\d(?:\.\d*)?) ?([+-])(\d)(:\d\d)?$', '\1\2' || '0\3\4');
CREATE OR REPLACE MACRO bq.main._atanh_finite(x) AS CASE WHEN abs(x) = 1 THEN _raise('Floating point error in function: ATANH(' || x || ')')::DOUBLE ELSE bq.main._atanh(x) END;
CREATE OR REPLACE MACRO bq.main.instr(s, t) AS bq.main._instr(s, t, 1, 1),
    (s, t, p) AS bq.main._instr(s, t, CASE WHEN p = 0 THEN _raise('Position must be non-zero')::BIGINT ELSE p END, 1),
    (s, t, p, n) AS bq.main._instr(s, t, CASE WHEN p = 0 THEN _raise('Position must be non-zero')::BIGINT ELSE p END,
        CASE WHEN n < 1 THEN _raise('Occurrence must be positive')::BIGINT ELSE n END);
CREATE OR REPLACE MACRO bq.main._bit_count(x) AS bit_count(x::BIGINT)::BIGINT;
CREATE OR REPLACE MACRO bq.main._timestamp_of_seconds(n, t) AS
    CASE WHEN n NOT BETWEEN -62135596800 AND 253402300799 THEN _raise('timestamp is out of range: ' || n || ' seconds')::TIMESTAMPTZ ELSE t END;
