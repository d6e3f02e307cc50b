#include "auth_predicate.h"

/* Whether one of the rules lets this principal read every row. */
static bool reads_all(const Model *model, const Principal *principal)
{
        for (size_t i = 0; i < model->n_rules; i++) {
                const AuthRule *rule = &model->rules[i];

                if (!(rule->operations & AUTH_READ))
                        continue;
                if (rule->allow == AUTH_PUBLIC && principal->api_key)
                        return true;
                if (rule->allow == AUTH_PRIVATE && !principal->api_key)
                        return true;
                for (size_t g = 0; rule->allow == AUTH_GROUPS && g < rule->n_groups; g++)
                        if (principal_in_group(principal, rule->groups[g]))
                                return true;
        }
        return false;
}

static void owner_predicate(SqlText *sql, const Model *model, const char *alias,
                            const Principal *principal)
{
        bool any = false;

        for (size_t i = 0; !principal->api_key && i < model->n_rules; i++) {
                const AuthRule *rule = &model->rules[i];

                if (rule->allow != AUTH_OWNER || !(rule->operations & AUTH_READ))
                        continue;
                sql_printf(sql, "%s%s.", any ? " OR " : "(", alias);
                sql_quote_name(&sql->text, rule->owner_field);
                sql_append(sql, " = ");
                (void)sql_param(sql, principal->user, "text");
                any = true;
        }
        sql_append(sql, any ? ")" : "false");
}

void auth_predicate(SqlText *sql, const Model *model, const char *alias, const Principal *principal)
{
        if (model->auth_from) {
                if (reads_all(model->auth_from, principal)) {
                        sql_append(sql, "true");
                        return;
                }
                sql_append(sql, "EXISTS (SELECT FROM read.");
                sql_quote_name(&sql->text, model->auth_from->view);
                sql_printf(sql, " AS a WHERE a.\"id\" = %s.", alias);
                sql_quote_name(&sql->text, model->auth_reference);
                sql_append(sql, " AND ");
                owner_predicate(sql, model->auth_from, "a", principal);
                sql_append(sql, ")");
        } else if (reads_all(model, principal)) {
                sql_append(sql, "true");
        } else {
                owner_predicate(sql, model, alias, principal);
        }
}
