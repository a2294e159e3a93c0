// Says everything that an application on Vercel's AI SDK says, by each of its three clients.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
globalThis.AI_SDK_LOG_WARNINGS = false;
import { Output, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [root, apiKey, unknown, small, ...models] = process.argv.slice(2);
const baseURL = `${root}/v1`;
const compatible = createOpenAICompatible({
  name: "jevons",
  baseURL,
  apiKey,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const openai = createOpenAI({ baseURL, apiKey });
const surfaces = {
  compatible: (model) => compatible(model),
  chat: (model) => openai.chat(model),
  responses: (model) => openai.responses(model),
  messages: createAnthropic({ baseURL, apiKey }),
};
const prompt = "Who lives in 'Bath'? (7)";
const whole = { openai: { store: false } }; // it refers to items by name otherwise, as if they were kept
const thinks = {
  jevons: { reasoningEffort: "low" },
  openai: { reasoningEffort: "low", forceReasoning: true, store: false },
  anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } },
};
const weather = tool({
  inputSchema: z.object({ place: z.string() }),
  execute: async ({ place }) => `sunny in ${place}`,
});

async function talk(model) {
  const plain = { model, maxRetries: 0, maxOutputTokens: 2000, prompt, providerOptions: whole };
  const heard = {};
  const answer = await generateText(plain);
  heard.answer = [answer.text, answer.finishReason];
  heard.tokens = [answer.usage.inputTokens, answer.usage.cachedInputTokens, answer.usage.outputTokens];

  const thought = await generateText({ ...plain, providerOptions: thinks });
  heard.thought = [thought.text, thought.reasoningText ?? ""];

  const stream = streamText({ ...plain, providerOptions: thinks });
  let pieces = [];
  for await (const piece of stream.textStream) pieces.push(piece);
  heard.stream = [pieces.length > 1, pieces.join(""), await stream.finishReason];
  heard.streamed = [(await stream.reasoningText) ?? "", (await stream.usage).outputTokens];

  const acting = { ...plain, tools: { weather }, stopWhen: stepCountIs(3) };
  const acted = await generateText(acting);
  heard.acted = [acted.steps.flatMap((step) => step.toolResults.map((it) => it.output)), acted.text];
  const acts = streamText({ ...acting, providerOptions: thinks });
  await acts.consumeStream();
  heard.acts = [(await acts.steps).flatMap((step) => step.toolResults.map((it) => it.output)), await acts.text];

  const city = Output.object({ schema: z.object({ name: z.string(), people: z.number().int() }) });
  heard.shaped = (await generateText({ ...plain, output: city })).output;
  const shaping = streamText({ ...plain, output: city });
  await shaping.consumeStream();
  heard.shapes = await shaping.output;
  return heard;
}

async function talkSmall(model) {
  const plain = { model, maxRetries: 0, prompt: "Bath or Rome?", temperature: 0, providerOptions: whole };
  const answer = await generateText({ ...plain, maxOutputTokens: 8 });
  const stream = streamText({ ...plain, maxOutputTokens: 8 });
  await stream.consumeStream();
  const schema = z.object({ city: z.enum(["Bath", "Rome"]), isOld: z.boolean() });
  const shaped = await generateText({ ...plain, maxOutputTokens: 60, output: Output.object({ schema }) });
  return {
    answer: [answer.text, answer.finishReason, answer.usage.outputTokens],
    stream: [await stream.text, await stream.finishReason, (await stream.usage).outputTokens],
    shaped: shaped.output,
  };
}

async function failure(doing) {
  try {
    await doing();
    return null;
  } catch (error) {
    return [error.name, error.statusCode ?? null];
  }
}

const heard = {};
for (const [name, surface] of Object.entries(surfaces)) {
  heard[name] = {};
  for (const model of models) heard[name][model] = await talk(surface(model));
  heard[name][small] = await talkSmall(surface(small));
  heard[name].unknown = await failure(() => generateText({ model: surface(unknown), maxRetries: 0, prompt }));
  const errors = [];
  const broken = streamText({
    model: surface(unknown),
    maxRetries: 0,
    prompt,
    onError: ({ error }) => errors.push(error.statusCode),
  });
  await broken.consumeStream();
  heard[name].broken = errors;
}
console.log(JSON.stringify(heard));
