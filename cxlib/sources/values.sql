-- Values read strictly from text: NULL where the text is no value of the kind, never a guess.

-- A text without blanks at its ends; an empty one is NULL. {blank} is what sql.py calls one. The cheap test spares most
-- texts the trimming.
CREATE TEMP MACRO cx_trim(x) AS nullif(CASE
    WHEN regexp_matches(x, '^{blank}|{blank}$') THEN regexp_replace(x, '^{blank}+|{blank}+$', '', 'g')
    ELSE x END, '');

-- The same with ASCII digits for Persian and Arabic ones, and a hyphen for the true minus sign.
CREATE TEMP MACRO cx_plain(x) AS CASE
    WHEN regexp_matches(x, '[^ -~]')
    THEN cx_trim(translate(x, '۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩−', '01234567890123456789-'))
    ELSE cx_trim(x) END;

-- A text with addresses masked.
CREATE TEMP MACRO cx_masked(x) AS CASE
    WHEN contains(x, '@') THEN regexp_replace(x, '[^\s@]+@[^\s@]+', '[address]', 'g') ELSE x END;

-- A floating-point number as text: whole ones without ".0".
CREATE TEMP MACRO cx_float(x) AS CASE
    WHEN x = floor(x) AND abs(x) < 1e18 THEN CAST(CAST(x AS HUGEINT) AS VARCHAR) ELSE CAST(x AS VARCHAR) END;

-- Numbers as the export writes them: decimal mark `point`, and `mark` or nothing between thousands; or with the Arabic
-- marks (U+066B, U+066C), which cannot be mistaken.
CREATE TEMP MACRO cx_between(mark) AS CASE mark
    WHEN ' ' THEN concat(' ', chr(160), chr(8239)) WHEN '''' THEN '''’' ELSE mark END;
CREATE TEMP MACRO cx_shape(point, mark) AS concat(
    '[+-]?(?:(?:\d{1,99}', CASE WHEN mark <> '' THEN concat('|\d{1,3}(?:[', cx_between(mark), ']\d{3})+') ELSE '' END,
    ')(?:[', point, ']\d+)?|[', point, ']\d+)', CASE WHEN point = '.' THEN '(?:[eE][+-]?\d{1,3})?' ELSE '' END);
CREATE TEMP MACRO cx_is_number(x, point, mark) AS
    regexp_full_match(x, concat('(?:', cx_shape(point, mark), ')|(?:', cx_shape('٫', '٬'), ')'));
CREATE TEMP MACRO cx_number(x, point, mark) AS CASE
    WHEN NOT cx_is_number(x, point, mark) THEN NULL
    -- most need no translation
    WHEN point = '.' AND NOT regexp_matches(x, '[^-+.0-9eE]') THEN TRY_CAST(x AS DOUBLE)
    ELSE TRY_CAST(translate(x, concat(point, '٫٬', cx_between(mark)), '..') AS DOUBLE) END;
CREATE TEMP MACRO cx_whole(n) AS CASE WHEN n = floor(n) AND abs(n) < 9e18 THEN CAST(n AS BIGINT) END;

CREATE TEMP MACRO cx_flag(x) AS CASE
    WHEN lower(x) IN ('true', 't', 'yes', 'y', '1', '1.0') THEN true
    WHEN lower(x) IN ('false', 'f', 'no', 'n', '0', '0.0') THEN false END;

-- Times are naive; other years than these are misread ones.
CREATE TEMP MACRO cx_in_years(m) AS CASE
    WHEN m BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2200-12-31' THEN m END;
CREATE TEMP MACRO cx_strptime(x, form) AS cx_in_years(CAST(try_strptime(x, form) AS TIMESTAMP));
CREATE TEMP MACRO cx_epoch_micros(x, unit) AS
    TRY_CAST(TRY_CAST(x AS DECIMAL(28, 6)) * unit AS BIGINT);
CREATE TEMP MACRO cx_epoch(x, unit) AS CASE
    WHEN regexp_full_match(x, '-?\d{1,17}(?:\.\d+)?') AND abs(cx_epoch_micros(x, unit)) < 9e15
    THEN make_timestamp(cx_epoch_micros(x, unit)) END;
-- ISO 8601: local without an offset, universal with one (or Z, UTC).
CREATE TEMP MACRO cx_iso_local(x) AS cx_in_years(CASE
    WHEN regexp_full_match(x, '\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?')
    THEN TRY_CAST(replace(x, ',', '.') AS TIMESTAMP) END);
CREATE TEMP MACRO cx_iso_utc(x) AS cx_in_years(CASE
    WHEN regexp_full_match(x,
        '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)? ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)')
    THEN TRY_CAST(regexp_replace(regexp_replace(replace(x, ',', '.'), ' ?(Z|UTC)$', '+00'), ' ([+-])', '\1')
        AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END);

-- A time that the clock shows twice is taken as the later one (see stage.py for starts), a time that it skips as the
-- moment the clock would have shown without the change; the check `dst` counts both.
CREATE TEMP MACRO cx_to_utc(m, zone) AS (m AT TIME ZONE zone) AT TIME ZONE 'UTC';
CREATE TEMP MACRO cx_to_local(m, zone) AS (m AT TIME ZONE 'UTC') AT TIME ZONE zone;
-- A universal time falls on its day in the reporting zone; a local one is a date only at midnight: another clock time
-- needs the analyst's own rule.
CREATE TEMP MACRO cx_day(local, utc, zone) AS CASE
    WHEN utc IS NOT NULL THEN CAST(cx_to_local(utc, zone) AS DATE)
    WHEN local = date_trunc('day', local) THEN CAST(local AS DATE) END;
