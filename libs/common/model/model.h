#pragma once

/*
 * model.h — the read models of a schema.graphql: plain, read-only structs made by schema_parse().
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

typedef enum ScalarType {
        SCALAR_ID,
        SCALAR_STRING,
        SCALAR_INT, /* 32 bits */
        SCALAR_FLOAT,
        SCALAR_BOOLEAN,
        SCALAR_DATETIME,  /* AWSDateTime */
        SCALAR_DATE,      /* AWSDate */
        SCALAR_TIME,      /* AWSTime */
        SCALAR_TIMESTAMP, /* AWSTimestamp: seconds, 64 bits */
        SCALAR_JSON,      /* AWSJSON */
        SCALAR_EMAIL,     /* AWSEmail, AWSURL, AWSPhone, AWSIPAddress: text */
        SCALAR_URL,
        SCALAR_PHONE,
        SCALAR_IP,
        SCALAR_ENUM,
} ScalarType;

typedef enum FieldKind {
        FIELD_COLUMN,     /* a column of the model's table */
        FIELD_HAS_MANY,   /* rows of .related whose .reference column holds this row's id */
        FIELD_BELONGS_TO, /* the row of .related whose id this row's .reference column holds */
} FieldKind;

typedef struct EnumType {
        char *name;
        char **values;
        size_t n_values;
} EnumType;

typedef struct Field {
        char *name; /* also the column's name, quoted */
        FieldKind kind;
        ScalarType scalar;         /* of a column */
        const EnumType *enum_type; /* for SCALAR_ENUM */
        bool required;
        bool list;           /* [String]: an array column */
        bool items_required; /* [String!]: no null among them */
        char *default_text;  /* @default(value: "…"), NULL when none */
        char *related_name;  /* of a relation: the model's name */
        const struct Model *related;
        char *reference; /* of a relation: the column that holds the id */
} Field;

typedef enum AuthAllow {
        AUTH_OWNER,
        AUTH_GROUPS,
        AUTH_PRIVATE, /* any signed-in user */
        AUTH_PUBLIC,  /* provider apiKey */
} AuthAllow;

typedef enum AuthOperation {
        AUTH_CREATE = 1,
        AUTH_READ = 2,
        AUTH_UPDATE = 4,
        AUTH_DELETE = 8,
        AUTH_ALL = 15,
} AuthOperation;

typedef struct AuthRule {
        AuthAllow allow;
        char *owner_field; /* "owner" by default */
        char **groups;
        size_t n_groups;
        unsigned operations; /* AUTH_* bits */
} AuthRule;

typedef struct Index {
        char *name;    /* given, or made from the fields */
        char **fields; /* the partition field, then the sort fields */
        size_t n_fields;
        char *query_field; /* "listMetricsByName", NULL when none */
} Index;

typedef struct Model {
        char *name;    /* "Project" */
        char *view;    /* "project": view name, table name, part of topic and schema names */
        char *path;    /* "projects": URL segment */
        Field *fields; /* id first; relations among them */
        size_t n_fields;
        AuthRule *rules;
        size_t n_rules;
        const struct Model *auth_from; /* rules are those of this related model (see below) */
        char *auth_reference;          /* the column that holds auth_from's id */
        Index *indexes;
        size_t n_indexes;
} Model;

typedef struct Schema {
        Model **models; /* in the order of the text */
        size_t n_models;
        EnumType **enums;
        size_t n_enums;
        char *source; /* the text that it was made from */
} Schema;

/**
 * schema_parse() - read GraphQL SDL with Amplify's directives
 * @name:  of the source, for messages: "schema.graphql"
 *
 * A model without @auth that belongs to exactly one model with @auth follows it: auth_from is set.
 * Thread: any; the result is immutable and may be shared.
 *
 * Return: ERROR_NONE, or ERROR_MALFORMED; the message begins with "name:line:column: ".
 */
_must_check_ ErrorCode schema_parse(Schema **ret, const char *name, const char *text, size_t size,
                                    Error *err);

/* As schema_parse(), from a file. ERROR_NOT_FOUND when it cannot be opened. */
_must_check_ ErrorCode schema_load(Schema **ret, const char *path, Error *err);
void schema_free(Schema *schema);
DEFINE_CLEANUP(Schema *, schema_free)

/* NULL when there is none. */
const Model *schema_model(const Schema *schema, const char *name);         /* "Project" */
const Model *schema_model_by_view(const Schema *schema, const char *view); /* "project" */
const Model *schema_model_by_path(const Schema *schema, const char *path); /* "projects" */
const Field *model_field(const Model *model, const char *name);

/* The hidden column "_aggregate" of every model: the id of the aggregate whose row it is, '' for a shared row. No field
 * of a model's has its name. */
extern const Field model_aggregate_field;
