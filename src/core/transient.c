#include "transient.h"

#include "blob.h"
#include "connection.h"
#include "deadlines.h"
#include "hub.h"
#include "input.h"

const struct transient transient_none;

struct transient *transient_need(struct connection *connection)
{
    struct transient *transient = connection->transient;
    if (transient)
        return transient;
    transient = memory_new_zero(&connection->hub->memory, sizeof *transient);
    if (!transient)
        return NULL;
    transient->connection = connection;
    list_init(&transient->ready);
    transient->timer.expire = deadlines_expire;
    connection->transient = transient;
    return transient;
}

struct transient *transient_begin(struct connection *connection)
{
    struct transient *transient = transient_need(connection);
    if (!transient)
        connection_die(connection, true);
    return transient;
}

void transient_note_rule(struct connection *connection, const char *rule)
{
    struct transient *transient = transient_need(connection);
    if (transient)
        transient->rule = rule;
}

void connection_blame(struct connection *connection, const char *rule)
{
    struct hub *hub = connection->hub;
    struct log_line line;
    transient_note_rule(connection, rule);
    if (!connection->is_admin)
        metrics_count_rule(&hub->metrics, rule);
    if (connection->is_upgraded)
        return;
    log_begin(&line, hub->log, LOG_INFO, hub_wall(hub), "connection ended");
    log_string(&line, "rule", rule);
    log_string(&line, "address", connection_address(connection));
    log_end(&line);
}

static bool has_deadline(const struct transient *transient)
{
    return transient->due > 0 || transient->message_due > 0 ||
           transient->soft_due > 0 || transient->stall_due > 0 ||
           transient->pinged_at > 0 || transient->ping_at > 0;
}

static bool is_empty(const struct transient *transient)
{
    return !has_deadline(transient) && !transient->input &&
           !transient->parser && list_is_empty(&transient->ready) &&
           !transient->reason && !transient->rule && !transient->pong &&
           !transient->rate && !transient->recorded && !transient->asker;
}

void transient_settle(struct connection *connection)
{
    struct transient *transient = connection->transient;
    if (!transient || !connection->is_upgraded || !is_empty(transient))
        return;
    connection->transient = NULL;
    timers_stop(&connection->hub->timers, &transient->timer);
    memory_free(&connection->hub->memory, transient);
}

void transient_free(struct connection *connection)
{
    struct memory *memory = &connection->hub->memory;
    struct transient *transient = connection->transient;
    if (!transient)
        return;
    input_release(&transient->input, memory);
    blob_unref(transient->pong);
    memory_free(memory, transient->reason);
    memory_free(memory, transient->rate);
    memory_free(memory, transient);
    connection->transient = NULL;
}
