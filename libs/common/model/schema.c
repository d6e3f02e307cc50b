/* schema.c — schema_parse() and looking things up; see model.h. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/model/schema_check.h"

#define SCHEMA_BYTES_MAX ((size_t)1024 * 1024)
#define NAME_BYTES_MAX   100 /* of the source in messages; of a longer path only the end is shown */

const Field model_aggregate_field = { .name = (char[]){ "_aggregate" },
                                      .kind = FIELD_COLUMN,
                                      .scalar = SCALAR_ID,
                                      .required = true };

/* A schema and everything in it: one arena. */
typedef struct SchemaOwner {
        Schema schema; /* first, so that the one pointer is the other */
        Arena arena;
} SchemaOwner;

DEFINE_CLEANUP(FILE *, fclose)

void schema_free(Schema *schema)
{
        SchemaOwner *owner = (SchemaOwner *)schema;

        if (!owner)
                return;
        arena_deinit(&owner->arena);
        free(owner);
}

ErrorCode schema_fault(const SchemaCheck *check, SdlPosition at, const char *fmt, ...)
{
        char message[sizeof check->err->message];
        va_list args;

        va_start(args, fmt);
        (void)vsnprintf(message, sizeof message, fmt, args);
        va_end(args);
        return sdl_error(check->err, check->document->name, at, "%s", message);
}

static ErrorCode check_text(const char *name, const char *text, size_t size, Error *err)
{
        SdlPosition at = { 1, 1 };
        const char *fault;

        if (size > SCHEMA_BYTES_MAX)
                return sdl_error(err, name, at, "longer than %zu bytes", SCHEMA_BYTES_MAX);
        fault = text + utf8_prefix(text, size);
        if (fault == text + size)
                return ERROR_NONE;
        for (const char *p = text; p < fault; p++) {
                if (*p == '\n') {
                        at.line++;
                        at.column = 1;
                } else if (((unsigned char)*p & 0xc0) != 0x80) {
                        at.column++;
                }
        }
        return sdl_error(err, name, at, "not UTF-8");
}

static ErrorCode check_document(const SdlDocument *document, SchemaOwner *owner, Error *err)
{
        static ErrorCode (*const checks[])(SchemaCheck *) = {
                schema_check_types,     schema_check_fields, schema_check_indexes,
                schema_check_relations, schema_check_auth,
        };
        SchemaCheck check = {
                .document = document, .arena = &owner->arena, .schema = &owner->schema, .err = err
        };

        for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
                ErrorCode code = checks[i](&check);

                if (code)
                        return code;
        }
        return ERROR_NONE;
}

ErrorCode schema_parse(Schema **ret, const char *name, const char *text, size_t size, Error *err)
{
        _cleanup_(sdl_document_deinit) SdlDocument document = SDL_DOCUMENT_INIT;
        _cleanup_(schema_freep) Schema *schema = NULL;
        SchemaOwner *owner = calloc(1, sizeof *owner);
        ErrorCode code;

        if (!owner)
                return error_no_memory(err);
        schema = &owner->schema;
        code = check_text(name, text, size, err);
        if (!code)
                code = sdl_document_parse(&document, name, text, size, err);
        if (!code)
                code = check_document(&document, owner, err);
        if (code)
                return code;
        schema->source = arena_copy_n(&owner->arena, text, size);
        *ret = TAKE_PTR(schema);
        return ERROR_NONE;
}

ErrorCode schema_load(Schema **ret, const char *path, Error *err)
{
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        _cleanup_(fclosep) FILE *file = fopen(path, "re");
        size_t length = strlen(path);
        size_t n;

        if (!file)
                return error_set(err, ERROR_NOT_FOUND, "could not open schema \"%s\": %s", path,
                                 strerrordesc_np(errno));
        do {
                n = fread(buffer_reserve(&text, BUFSIZ), 1, BUFSIZ, file);
                text.size += n;
        } while (n && text.size <= SCHEMA_BYTES_MAX);
        if (ferror(file))
                return error_set(err, ERROR_NOT_FOUND, "could not read schema \"%s\"", path);
        if (length > NAME_BYTES_MAX)
                path += length - NAME_BYTES_MAX;
        return schema_parse(ret, path, buffer_text(&text), text.size, err);
}

const Model *schema_model(const Schema *schema, const char *name)
{
        for (size_t i = 0; i < schema->n_models; i++)
                if (strcmp(schema->models[i]->name, name) == 0)
                        return schema->models[i];
        return NULL;
}

const Model *schema_model_by_view(const Schema *schema, const char *view)
{
        for (size_t i = 0; i < schema->n_models; i++)
                if (strcmp(schema->models[i]->view, view) == 0)
                        return schema->models[i];
        return NULL;
}

const Model *schema_model_by_path(const Schema *schema, const char *path)
{
        for (size_t i = 0; i < schema->n_models; i++)
                if (strcmp(schema->models[i]->path, path) == 0)
                        return schema->models[i];
        return NULL;
}

const Field *model_field(const Model *model, const char *name)
{
        for (size_t i = 0; i < model->n_fields; i++)
                if (strcmp(model->fields[i].name, name) == 0)
                        return &model->fields[i];
        return NULL;
}
