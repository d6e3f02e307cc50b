-- Rows that events of many aggregates add to: labels of such a row are the same to all of them.

CREATE FUNCTION projection.other_label(row_id text, field text, given text, gives text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '"%" of the shared row "%" is "%", and the event gives "%"', field, left(row_id, 64),
            left(coalesce(given, 'null'), 64), left(coalesce(gives, 'null'), 64)
        USING ERRCODE = 'invalid_parameter_value';
END
$$;
COMMENT ON FUNCTION projection.other_label(text, text, text, text) IS
    'Ends a batch with an event that adds to a row and gives it another label than the events before.';

REVOKE ALL ON FUNCTION projection.other_label(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION projection.other_label(text, text, text, text) TO skafu_projector;
