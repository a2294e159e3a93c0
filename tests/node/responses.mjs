// Says everything that a client of OpenAI's Responses says, with the official package unmodified.
import OpenAI from "openai";

const [root, apiKey, unknown, small, ...models] = process.argv.slice(2);
const baseURL = `${root}/v1`;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const input = "Who lives in 'Bath'? (7)";
const tools = [
  {
    type: "function",
    name: "weather",
    strict: true,
    parameters: {
      type: "object",
      properties: { place: { type: "string" } },
      required: ["place"],
      additionalProperties: false,
    },
  },
];
const schema = {
  type: "object",
  properties: { name: { type: "string" }, people: { type: "integer" } },
  required: ["name", "people"],
  additionalProperties: false,
};

async function talk(model) {
  const heard = {};
  const answer = await client.responses.create({ model, input });
  heard.answer = answer.output_text;
  heard.tokens = [
    answer.usage.input_tokens,
    answer.usage.input_tokens_details.cached_tokens,
    answer.usage.output_tokens,
  ];
  heard.id = answer._request_id.slice(0, 4);

  const stream = client.responses.stream({ model, input, reasoning: { effort: "low" } });
  heard.pieces = 0;
  stream.on("response.output_text.delta", () => (heard.pieces += 1));
  const told = await stream.finalResponse();
  heard.stream = told.output_text;
  heard.thought = told.output
    .filter((item) => item.type === "reasoning")
    .flatMap((item) => [...(item.content ?? []), ...item.summary].map((part) => part.text));

  const called = await client.responses.create({ model, input, tools });
  const call = called.output.find((item) => item.type === "function_call");
  heard.call = [call.name, JSON.parse(call.arguments)];
  const result = { type: "function_call_output", call_id: call.call_id, output: "sunny" };
  const turns = [{ role: "user", content: input }, ...called.output, result];
  heard.goesOn = (await client.responses.create({ model, input: turns, tools })).output_text;

  const shaped = await client.responses.parse({
    model,
    input,
    text: { format: { type: "json_schema", name: "city", strict: true, schema } },
  });
  heard.shaped = shaped.output_parsed;

  const kept = await client.responses.create({ model, input, store: true });
  const found = await client.responses.retrieve(kept.id);
  const next = await client.responses.create({ model, input: "And now?", previous_response_id: kept.id });
  heard.kept = [found.output_text, next.output_text, next.previous_response_id === kept.id];
  return heard;
}

async function talkSmall() {
  const short = { model: small, input, max_output_tokens: 16, temperature: 0 };
  const answer = await client.responses.create(short);
  const told = await client.responses.stream(short).finalResponse();
  return [answer, told].map((it) => [it.output_text, it.incomplete_details.reason, it.usage.output_tokens]);
}

async function failure(doing) {
  try {
    return await doing();
  } catch (error) {
    return [error.constructor.name, error.status ?? null, error.code ?? null];
  }
}

const heard = {};
for (const model of models) heard[model] = await talk(model);
heard[small] = await talkSmall();
heard.unknown = await failure(() => client.responses.create({ model: unknown, input }));
heard.nobody = await failure(() =>
  new OpenAI({ baseURL, apiKey: "jv_no", maxRetries: 0 }).responses.create({ model: models[0], input }),
);
heard.wrong = await failure(() => client.responses.create({ model: models[0], input, temperature: "hot" }));
console.log(JSON.stringify(heard));
