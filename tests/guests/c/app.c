/* A plugin in C: each export of the contract that an author meets first. Its functions are
   exported synchronously, so its manifest says `concurrency = 1`. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

typedef exports_cofferdam_plugin_tools_definition_t definition_t;
typedef exports_cofferdam_plugin_tools_outcome_t outcome_t;
typedef exports_cofferdam_plugin_tools_ending_t ending_t;
typedef exports_cofferdam_plugin_tools_reply_t reply_t;
typedef exports_cofferdam_plugin_tools_list_tuple2_string_reply_t replies_t;

static const char TEXT[] =
    "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":[\"text\"]}";
static const char NAME[] =
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]}";
static const char SURE[] =
    "{\"type\":\"object\",\"properties\":{\"sure\":{\"type\":\"boolean\"}},\"required\":[\"sure\"]}";
static const char NOTHING[] = "{\"type\":\"object\",\"properties\":{}}";
static const unsigned char PICTURE[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

/* What JSON has between the quotes of the greeting. */
static char greeting[64] = "Hello";

/* Where the value of a member begins in an object without nesting; NULL if it is not there. */
static const char *member(const char *json, const char *end, const char *name) {
  size_t length = strlen(name);
  for (const char *at = json; at + length < end; at++) {
    if (at[0] == '"' && memcmp(at + 1, name, length) == 0 && at[1 + length] == '"') {
      at += length + 2;
      while (at < end && (*at == ' ' || *at == ':')) at++;
      return at;
    }
  }
  return NULL;
}

/* A member's text with its escapes, as it may stand in another JSON text, and its length. */
static const char *text(plugin_string_t *json, const char *name, size_t *length) {
  const char *end = (const char *)json->ptr + json->len;
  const char *at = member((const char *)json->ptr, end, name);
  if (!at || *at != '"') return NULL;
  const char *begin = ++at;
  while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
  *length = at - begin;
  return begin;
}

static void say(outcome_t *ret, const char *json) {
  ret->tag = EXPORTS_COFFERDAM_PLUGIN_TOOLS_OUTCOME_DONE;
  ret->val.done.content.ptr = NULL;
  ret->val.done.content.len = 0;
  ret->val.done.structured.is_some = true;
  plugin_string_dup(&ret->val.done.structured.val, json);
}

static void greet(plugin_string_t *arguments, outcome_t *ret) {
  size_t length = 0;
  const char *name = text(arguments, "name", &length);
  char *json = malloc(length + sizeof greeting + 32);
  sprintf(json, "{\"text\":\"%s, %.*s!\"}", greeting, (int)length, name ? name : "");
  say(ret, json);
  free(json);
}

static void show(cofferdam_host_calls_borrow_context_t context, outcome_t *ret) {
  cofferdam_host_calls_block_t block = {.tag = COFFERDAM_HOST_CONTENT_BLOCK_TEXT};
  plugin_string_set(&block.val.text, "shown before");
  cofferdam_host_calls_refusal_t refusal;
  if (!cofferdam_host_calls_method_context_emit(context, &block, &refusal)) {
    cofferdam_host_calls_refusal_free(&refusal);
  }

  ret->tag = EXPORTS_COFFERDAM_PLUGIN_TOOLS_OUTCOME_DONE;
  exports_cofferdam_plugin_tools_output_t *output = &ret->val.done;
  output->structured.is_some = false;
  output->content.len = 1;
  output->content.ptr = calloc(1, sizeof *output->content.ptr);
  output->content.ptr->tag = COFFERDAM_HOST_CONTENT_BLOCK_IMAGE;
  cofferdam_host_content_blob_t *image = &output->content.ptr->val.image;
  plugin_string_dup(&image->media_type, "image/png");
  image->data.len = sizeof PICTURE;
  image->data.ptr = malloc(sizeof PICTURE);
  memcpy(image->data.ptr, PICTURE, sizeof PICTURE);
}

/* The tool is called again, from its beginning, with the replies to all it has asked. */
static void ask(replies_t *replies, outcome_t *ret) {
  if (replies->len > 0) {
    reply_t *reply = &replies->ptr[0].f1;
    bool sure = false;
    if (reply->tag == EXPORTS_COFFERDAM_PLUGIN_TOOLS_REPLY_ACCEPTED) {
      const char *json = (const char *)reply->val.accepted.ptr;
      const char *value = member(json, json + reply->val.accepted.len, "sure");
      sure = value && *value == 't';
    }
    say(ret, sure ? "{\"text\":\"cleared\"}" : "{\"text\":\"left as it is\"}");
    return;
  }
  ret->tag = EXPORTS_COFFERDAM_PLUGIN_TOOLS_OUTCOME_INPUT_REQUIRED;
  ret->val.input_required.len = 1;
  ret->val.input_required.ptr = calloc(1, sizeof *ret->val.input_required.ptr);
  plugin_string_dup(&ret->val.input_required.ptr->id, "sure");
  plugin_string_dup(&ret->val.input_required.ptr->message, "Clear it?");
  plugin_string_dup(&ret->val.input_required.ptr->schema, SURE);
}

static void define(definition_t *tool, const char *name, const char *description, const char *arguments,
                   const char *answer, bool reads) {
  memset(tool, 0, sizeof *tool);
  plugin_string_dup(&tool->name, name);
  plugin_string_dup(&tool->description, description);
  plugin_string_dup(&tool->input_schema, arguments);
  tool->output_schema.is_some = answer != NULL;
  if (answer) plugin_string_dup(&tool->output_schema.val, answer);
  tool->hints.read_only = tool->hints.additive = tool->hints.idempotent = reads;
  tool->hints.closed_world = true;
}

void exports_cofferdam_plugin_tools_list(exports_cofferdam_plugin_tools_list_definition_t *ret) {
  ret->len = 3;
  ret->ptr = malloc(3 * sizeof *ret->ptr);
  define(&ret->ptr[0], "greet", "Greets by name.", NAME, TEXT, true);
  define(&ret->ptr[1], "show", "Shows a picture.", NOTHING, NULL, true);
  define(&ret->ptr[2], "ask", "Clears after a question.", NOTHING, TEXT, false);
}

bool exports_cofferdam_plugin_tools_call(exports_cofferdam_plugin_tools_own_context_t context,
                                         plugin_string_t *name, plugin_string_t *arguments, replies_t *replies,
                                         outcome_t *ret, ending_t *err) {
  bool known = true;
  if (name->len == 5 && memcmp(name->ptr, "greet", 5) == 0) {
    greet(arguments, ret);
  } else if (name->len == 4 && memcmp(name->ptr, "show", 4) == 0) {
    show(cofferdam_host_calls_borrow_context(context), ret);
  } else if (name->len == 3 && memcmp(name->ptr, "ask", 3) == 0) {
    ask(replies, ret);
  } else {
    known = false;
    memset(err, 0, sizeof *err);
    err->tag = COFFERDAM_HOST_CALLS_ENDING_FAILED;
    plugin_string_dup(&err->val.failed.code, "not_found");
    plugin_string_dup(&err->val.failed.message, "there is no such tool");
  }
  cofferdam_host_calls_context_drop_own(context);
  plugin_string_free(name);
  plugin_string_free(arguments);
  exports_cofferdam_plugin_tools_list_tuple2_string_reply_free(replies);
  return known;
}

bool exports_cofferdam_plugin_lifecycle_init(plugin_string_t *settings, plugin_string_t *err) {
  size_t length = 0;
  const char *given = text(settings, "greeting", &length);
  bool fits = !given || (length > 0 && length < sizeof greeting);
  if (!fits) {
    plugin_string_dup(err, length ? "`greeting` is longer than 63 bytes" : "`greeting` is empty");
  } else if (given) {
    memcpy(greeting, given, length);
    greeting[length] = 0;
  }
  plugin_string_free(settings);
  return fits;
}

void exports_cofferdam_plugin_lifecycle_close(void) {}
