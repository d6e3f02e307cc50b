/* schema_auth.c — @auth rules, and models that follow another one's. */

#include <string.h>

#include "common/model/schema_directives.h"

static const ArgumentType rule_arguments[] = {
        { .name = "allow", .kind = ARGUMENT_ENUM, .required = true },
        { .name = "provider", .kind = ARGUMENT_ENUM },
        { .name = "ownerField", .kind = ARGUMENT_STRING },
        { .name = "groups", .kind = ARGUMENT_STRINGS },
        { .name = "operations", .kind = ARGUMENT_ENUMS },
        { .name = NULL },
};

typedef struct AllowName {
        const char *name;
        AuthAllow allow;
        const char *providers[3]; /* the first is the default */
} AllowName;

static const AllowName allow_names[] = {
        { "owner", AUTH_OWNER, { "userPools", "oidc" } },
        { "groups", AUTH_GROUPS, { "userPools", "oidc" } },
        { "private", AUTH_PRIVATE, { "userPools", "oidc" } },
        { "public", AUTH_PUBLIC, { "apiKey" } },
};

typedef struct OperationName {
        const char *name;
        unsigned operation;
} OperationName;

static const OperationName operation_names[] = {
        { "create", AUTH_CREATE },
        { "read", AUTH_READ },
        { "update", AUTH_UPDATE },
        { "delete", AUTH_DELETE },
};

static ErrorCode read_allow(const SchemaCheck *check, const SdlValue *rule, AuthRule *ret)
{
        const SdlValue *allow = sdl_argument(rule->members, "allow");
        const SdlValue *provider = sdl_argument(rule->members, "provider");

        for (size_t i = 0; i < ARRAY_SIZE(allow_names); i++) {
                const AllowName *known = &allow_names[i];

                if (strcmp(known->name, allow->text) != 0)
                        continue;
                ret->allow = known->allow;
                for (const char *const *p = known->providers; provider && *p; p++)
                        if (strcmp(*p, provider->text) == 0)
                                return ERROR_NONE;
                if (provider)
                        return schema_fault(check, provider->at,
                                            "provider %s is not supported for allow: %s; %s is",
                                            provider->text, known->name, known->providers[0]);
                return ERROR_NONE;
        }
        return schema_fault(check, allow->at,
                            "allow: %s is not supported; owner, groups, private and public are",
                            allow->text);
}

static ErrorCode read_owner(const SchemaCheck *check, const Model *model, const SdlValue *rule,
                            AuthRule *ret)
{
        const SdlValue *given = sdl_argument(rule->members, "ownerField");
        const Field *field;

        if (ret->allow != AUTH_OWNER) {
                if (given)
                        return schema_fault(check, given->at, "ownerField is for allow: owner");
                return ERROR_NONE;
        }
        ret->owner_field = arena_copy(check->arena, given ? given->text : "owner");
        field = schema_field(model, ret->owner_field);
        if (!field)
                return schema_fault(check, given ? given->at : rule->at,
                                    "the rule needs the field \"%.63s\", which model %s has not",
                                    ret->owner_field, model->name);
        if (field->kind != FIELD_COLUMN ||
            (field->scalar != SCALAR_STRING && field->scalar != SCALAR_ID))
                return schema_fault(check, given ? given->at : rule->at,
                                    "owner field %s.%s must be of type String or [String]",
                                    model->name, field->name);
        return ERROR_NONE;
}

static ErrorCode read_groups(const SchemaCheck *check, const SdlValue *rule, AuthRule *ret)
{
        const SdlValue *given = sdl_argument(rule->members, "groups");

        if (ret->allow != AUTH_GROUPS) {
                if (given)
                        return schema_fault(check, given->at, "groups is for allow: groups");
                return ERROR_NONE;
        }
        if (!given || !sdl_items_count(given))
                return schema_fault(check, given ? given->at : rule->at,
                                    "allow: groups needs groups: [\"…\"]");
        ret->groups = arena_alloc(check->arena, sdl_items_count(given), sizeof *ret->groups);
        for (const SdlValue *group = sdl_items(given); group; group = group->next) {
                if (!*group->text)
                        return schema_fault(check, group->at, "a group's name cannot be empty");
                ret->groups[ret->n_groups++] = arena_copy(check->arena, group->text);
        }
        return ERROR_NONE;
}

static ErrorCode read_operations(const SchemaCheck *check, const SdlValue *rule, AuthRule *ret)
{
        const SdlValue *given = sdl_argument(rule->members, "operations");

        if (!given) {
                ret->operations = AUTH_ALL;
                return ERROR_NONE;
        }
        if (!sdl_items_count(given))
                return schema_fault(check, given->at, "operations cannot be empty");
        for (const SdlValue *item = sdl_items(given); item; item = item->next) {
                unsigned operation = 0;

                for (size_t i = 0; i < ARRAY_SIZE(operation_names); i++)
                        if (strcmp(operation_names[i].name, item->text) == 0)
                                operation = operation_names[i].operation;
                if (!operation)
                        return schema_fault(check, item->at,
                                            "operation %s is not supported; create, read, update "
                                            "and delete are",
                                            item->text);
                ret->operations |= operation;
        }
        return ERROR_NONE;
}

static ErrorCode read_rules(const SchemaCheck *check, Model *model, const SdlDirective *auth)
{
        const SdlValue *rules = sdl_argument(auth->arguments, "rules");

        if (!sdl_items_count(rules))
                return schema_fault(check, rules->at, "@auth needs at least one rule");
        model->rules = arena_alloc(check->arena, sdl_items_count(rules), sizeof *model->rules);
        for (const SdlValue *rule = sdl_items(rules); rule; rule = rule->next) {
                AuthRule *ret = &model->rules[model->n_rules];
                ErrorCode code = schema_check_arguments(check, rule->members, rule_arguments,
                                                        "a rule of @auth", rule->at);

                if (!code)
                        code = read_allow(check, rule, ret);
                if (!code)
                        code = read_owner(check, model, rule, ret);
                if (!code)
                        code = read_groups(check, rule, ret);
                if (!code)
                        code = read_operations(check, rule, ret);
                if (code)
                        return code;
                model->n_rules++;
        }
        return ERROR_NONE;
}

/* A model without rules follows the only model with rules that it belongs to. */
static ErrorCode find_auth_from(const SchemaCheck *check, Model *model,
                                const SdlDefinition *definition)
{
        for (size_t i = 0; i < model->n_fields && !model->n_rules; i++) {
                const Field *field = &model->fields[i];

                if (field->kind != FIELD_BELONGS_TO || !field->related->n_rules)
                        continue;
                if (model->auth_from)
                        return schema_fault(check, definition->at,
                                            "model %s has no @auth and belongs to %s by %s and to "
                                            "%s by %s: give it rules of its own",
                                            model->name, model->auth_from->name,
                                            model->auth_reference, field->related->name,
                                            field->reference);
                model->auth_from = field->related;
                model->auth_reference = field->reference;
        }
        return ERROR_NONE;
}

ErrorCode schema_check_auth(SchemaCheck *check)
{
        const Schema *schema = check->schema;

        for (size_t i = 0; i < schema->n_models; i++) {
                const SdlDirective *auth = sdl_directive(check->types[i]->directives, "auth");
                ErrorCode code = auth ? read_rules(check, schema->models[i], auth) : ERROR_NONE;

                if (code)
                        return code;
        }
        for (size_t i = 0; i < schema->n_models; i++) {
                ErrorCode code = find_auth_from(check, schema->models[i], check->types[i]);

                if (code)
                        return code;
        }
        return ERROR_NONE;
}
