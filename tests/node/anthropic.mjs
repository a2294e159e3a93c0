// Says everything that a client of Anthropic's says, with the official package unmodified.
import Anthropic from "@anthropic-ai/sdk";

const [root, apiKey, unknown, small, ...models] = process.argv.slice(2);
const client = new Anthropic({ baseURL: root, apiKey, maxRetries: 0 });
const ask = { max_tokens: 64, messages: [{ role: "user", content: "Who lives in 'Bath'? (7)" }] };
const tools = [
  {
    name: "weather",
    input_schema: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
  },
];
const thinking = { type: "enabled", budget_tokens: 1024 };
const shape = {
  type: "object",
  properties: { name: { type: "string" }, people: { type: "integer" } },
  required: ["name", "people"],
  additionalProperties: false,
};

async function talk(model) {
  const heard = {};
  const answer = await client.messages.create({ ...ask, model });
  heard.answer = answer.content.map((block) => block.text);
  heard.stop = answer.stop_reason;
  heard.tokens = [answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens];
  heard.id = answer._request_id;

  const stream = client.messages.stream({ ...ask, model, thinking, max_tokens: 2000 });
  heard.pieces = 0;
  stream.on("text", () => (heard.pieces += 1));
  const told = await stream.finalMessage();
  heard.stream = told.content.map((block) => [block.type, block.thinking ?? block.text]);
  heard.streamed = told.usage.output_tokens;

  const called = await client.messages.create({ ...ask, model, tools, thinking, max_tokens: 2000 });
  const call = called.content.find((block) => block.type === "tool_use");
  heard.call = [call.name, call.input, called.stop_reason];
  const result = { type: "tool_result", tool_use_id: call.id, content: "sunny" };
  const turns = [{ role: "assistant", content: called.content }, { role: "user", content: [result] }];
  const on = { ...ask, model, tools, thinking, max_tokens: 2000, messages: [...ask.messages, ...turns] };
  heard.goesOn = (await client.messages.create(on)).content.at(-1).text;

  const shaped = await client.messages.create({
    ...ask,
    model,
    output_config: { format: { type: "json_schema", schema: shape } },
  });
  heard.shaped = JSON.parse(shaped.content[0].text);
  heard.counted = await failure(() => client.messages.countTokens({ model, messages: ask.messages }));
  return heard;
}

async function talkSmall() {
  const short = { ...ask, model: small, max_tokens: 8, temperature: 0 };
  const answer = await client.messages.create(short);
  const told = await client.messages.stream(short).finalMessage();
  const heard = [answer, told].map((it) => [it.content[0].text, it.stop_reason, it.usage.output_tokens]);
  return [...heard, (await client.messages.countTokens({ model: small, messages: ask.messages })).input_tokens];
}

async function failure(doing) {
  try {
    return await doing();
  } catch (error) {
    return [error.constructor.name, error.status ?? null, error.error?.error?.type ?? null];
  }
}

const heard = {};
for (const model of models) heard[model] = await talk(model);
heard[small] = await talkSmall();
heard.unknown = await failure(() => client.messages.create({ ...ask, model: unknown }));
heard.nobody = await failure(() =>
  new Anthropic({ baseURL: root, apiKey: "jv_no", maxRetries: 0 }).messages.create({ ...ask, model: models[0] }),
);
heard.wrong = await failure(() => client.messages.create({ ...ask, model: models[0], temperature: "hot" }));
heard.models = [];
for await (const model of client.models.list()) heard.models.push([model.id, model.display_name]);
console.log(JSON.stringify(heard));
