#include "common/model/auth_predicate.h"

#include <string.h>

static bool in_one_of(const Reader *reader, const AuthRule *rule)
{
        for (size_t i = 0; i < rule->n_groups; i++)
                for (size_t j = 0; j < reader->n_groups; j++)
                        if (strcmp(rule->groups[i], reader->groups[j]) == 0)
                                return true;
        return false;
}

static AuthReach rule_reach(const AuthRule *rule, const Reader *reader)
{
        bool signed_in = !reader->api_key && *reader->user;

        switch (rule->allow) {
        case AUTH_OWNER:
                return signed_in ? AUTH_REACH_OWN : AUTH_REACH_NONE;
        case AUTH_GROUPS:
                return signed_in && in_one_of(reader, rule) ? AUTH_REACH_ALL : AUTH_REACH_NONE;
        case AUTH_PRIVATE:
                return signed_in ? AUTH_REACH_ALL : AUTH_REACH_NONE;
        case AUTH_PUBLIC:
                return reader->api_key ? AUTH_REACH_ALL : AUTH_REACH_NONE;
        }
        return AUTH_REACH_NONE;
}

AuthReach auth_reach(const Model *model, const Reader *reader, AuthOperation operation)
{
        AuthReach most = AUTH_REACH_NONE;

        for (size_t i = 0; i < model->n_rules; i++) {
                AuthReach reach;

                if (!(model->rules[i].operations & operation))
                        continue;
                reach = rule_reach(&model->rules[i], reader);
                if (reach > most)
                        most = reach;
        }
        return most;
}

static void append_user(SqlText *sql, const Reader *reader, size_t *user_param)
{
        if (*user_param)
                sql_param_again(sql, *user_param, "text");
        else
                *user_param = sql_param(sql, reader->user, "text");
}

/* ("t"."owner" = $1 OR $1 = ANY ("t"."editors")) */
static void append_owner(SqlText *sql, const Model *model, const Reader *reader,
                         AuthOperation operation, size_t *user_param, const char *alias)
{
        const char * or = "(";

        for (size_t i = 0; i < model->n_rules; i++) {
                const AuthRule *rule = &model->rules[i];

                if (rule->allow != AUTH_OWNER || !(rule->operations & operation))
                        continue;
                sql_append(sql, or);
                or = " OR ";
                if (model_field(model, rule->owner_field)->list) {
                        append_user(sql, reader, user_param);
                        sql_append(sql, " = ANY (");
                        sql_column(sql, alias, rule->owner_field);
                        sql_append(sql, ")");
                } else {
                        sql_column(sql, alias, rule->owner_field);
                        sql_append(sql, " = ");
                        append_user(sql, reader, user_param);
                }
        }
        sql_append(sql, ")");
}

static void append_reach(SqlText *sql, const Model *model, const Reader *reader,
                         AuthOperation operation, size_t *user_param, const char *alias)
{
        switch (auth_reach(model, reader, operation)) {
        case AUTH_REACH_NONE:
                sql_append(sql, "false");
                break;
        case AUTH_REACH_OWN:
                append_owner(sql, model, reader, operation, user_param, alias);
                break;
        case AUTH_REACH_ALL:
                sql_append(sql, "true");
                break;
        }
}

/* That "auth" is the row which the row of @alias belongs to, although others may have its id. */
static void append_belongs(SqlText *sql, const Model *from, const char *alias)
{
        sql_append(sql, "(auth.\"_aggregate\" = ");
        sql_column(sql, alias, "_aggregate");
        sql_append(sql, " OR NOT EXISTS (SELECT 1 FROM read.");
        sql_quote_name(&sql->text, from->view);
        sql_append(sql, " other WHERE other.\"id\" = auth.\"id\""
                        " AND other.\"_aggregate\" <> auth.\"_aggregate\""
                        " AND (auth.\"_aggregate\" <> auth.\"id\" OR other.\"_aggregate\" = ");
        sql_column(sql, alias, "_aggregate");
        sql_append(sql, ")))");
}

void auth_predicate(SqlText *sql, const Model *model, const Reader *reader, AuthOperation operation,
                    size_t *user_param, const char *alias)
{
        const Model *from = model->auth_from;

        if (!from || auth_reach(from, reader, operation) != AUTH_REACH_OWN) {
                append_reach(sql, from ? from : model, reader, operation, user_param, alias);
                return;
        }
        sql_append(sql, "EXISTS (SELECT 1 FROM read.");
        sql_quote_name(&sql->text, from->view);
        sql_append(sql, " auth WHERE auth.\"id\" = ");
        sql_column(sql, alias, model->auth_reference);
        sql_append(sql, " AND ");
        append_owner(sql, from, reader, operation, user_param, "auth");
        sql_append(sql, " AND ");
        append_belongs(sql, from, alias);
        sql_append(sql, ")");
}
