// Says everything that a client says, with the official package unmodified, and prints what came.
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "Hi" }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];
const heard = {};

const chat = await client.chat.completions.create({ model: "here", messages });
heard.chat = chat.choices[0].message.content;
heard.id = chat._request_id;

let text = "";
let used = null;
const stream = await client.chat.completions.create({
  model: "here",
  messages,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? "";
  used = chunk.usage ?? used;
}
heard.stream = text;
heard.tokens = used.total_tokens;

const called = await client.chat.completions.create({ model: "here", messages, tools });
heard.tool = called.choices[0].message.tool_calls[0].function;

const shaped = await client.chat.completions.create({
  model: "here",
  messages,
  response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } },
});
heard.schema = JSON.parse(shaped.choices[0].message.content);

heard.models = [];
for await (const model of client.models.list()) heard.models.push(model.id);

async function failure(doing) {
  try {
    await doing();
    return null;
  } catch (error) {
    return [error.constructor.name, error.status ?? null, error.code ?? null];
  }
}

heard.unknown = await failure(() => client.chat.completions.create({ model: "gpt-4o", messages }));
heard.nobody = await failure(() => new OpenAI({ baseURL, apiKey: "jv_no" }).models.list());
heard.wrong = await failure(() =>
  client.chat.completions.create({ model: "here", messages, temperature: "hot" }),
);
heard.cut = await failure(async () => {
  const user = [{ role: "user", content: "cut" }];
  const broken = await client.chat.completions.create({ model: "here", messages: user, stream: true });
  for await (const _ of broken);
});

console.log(JSON.stringify(heard));
