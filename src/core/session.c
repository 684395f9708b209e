#include "session.h"

#include "close_code.h"
#include "connection.h"
#include "hub.h"

/* Whose Close came first. */
static const char *closed_by(const struct leave *leave)
{
    if (leave->code == CLOSE_ABNORMAL)
        return "neither";
    return leave->is_ours ? "us" : "them";
}

static void put_counts(struct log_line *line,
                       const struct connection *connection, bool sends_rest)
{
    const struct session *session = &connection->session;
    uint64_t bytes_out = session->bytes_out;
    if (sends_rest)
        bytes_out += outq_bytes(&connection->output);
    log_number(line, "messages_in", (long long)session->messages_in);
    log_number(line, "messages_out", (long long)session->messages_out);
    log_number(line, "bytes_in", (long long)session->bytes_in);
    log_number(line, "bytes_out", (long long)bytes_out);
}

static void put_end(struct log_line *line, const struct connection *connection)
{
    const struct leave *leave = &connection->leave;
    const struct transient *transient = connection_now(connection);
    log_number(line, "code", leave->code);
    log_string(line, "closed_by", closed_by(leave));
    log_string(line, "clean", leave->clean ? "yes" : "no");
    if (transient->reason_length)
        log_text(line, "reason",
                 (struct slice){transient->reason, transient->reason_length});
    if (transient->rule)
        log_string(line, "rule", transient->rule);
}

/* A peer that goes, however it does, is no error of ours. */
void session_log(const struct connection *connection, bool sends_rest)
{
    struct hub *hub = connection->hub;
    const struct request *request = connection->request;
    struct log_line line;
    log_begin_for(&line, hub->log, LOG_INFO, hub_wall(hub), "client left",
                  connection_now(connection)->rule);
    log_text(&line, "path", request_path(request));
    log_string(&line, "address", connection_address(connection));
    log_seconds(&line, "duration",
                hub_wall(hub) - connection->request->upgraded_at);
    put_counts(&line, connection, sends_rest);
    put_end(&line, connection);
    if (request_tls(request))
        log_string(&line, "tls", request_tls(request)->version);
    log_end(&line);
}
