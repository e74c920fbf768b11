/* A stdio MCP server that costs next to nothing: it answers every request, and reads no more of
   it than its id and method. The first argument is how many bytes an answer to a call has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *INITIALIZED =
    "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
    "\"serverInfo\":{\"name\":\"echo\",\"version\":\"1\"}}";

int main(int argc, char **argv) {
    size_t room = argc > 1 ? (size_t)atol(argv[1]) : 200, capacity = 0;
    char *text = malloc(room + 1), *line = NULL;
    memset(text, 'x', room);
    text[room > 100 ? room - 100 : 1] = 0; /* the rest of the answer has about 100 bytes */
    while (getline(&line, &capacity, stdin) > 0) {
        char *id = strstr(line, "\"id\":");
        if (!id) continue;
        id += 5;
        int length = (int)strcspn(id, ",}");
        if (strstr(line, "\"method\":\"initialize\""))
            printf("{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":%s}\n", length, id, INITIALIZED);
        else
            printf("{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":{\"content\":[{\"type\":\"text\","
                   "\"text\":\"%s\"}],\"isError\":false}}\n", length, id, text);
        fflush(stdout);
    }
    return 0;
}
