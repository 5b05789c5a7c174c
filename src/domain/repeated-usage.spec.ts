import { COST, judgeUsage, TOKENS, type UsageNode } from './repeated-usage.js';

const node = (
  id: string,
  parentId: string | null,
  type: string | null,
  fields: Partial<UsageNode> = {},
): UsageNode => ({
  id,
  parentId,
  type,
  model: 'm',
  inputTokens: null,
  outputTokens: null,
  totalTokens: null,
  costNanoUsd: null,
  ...fields,
});
const TEN = { inputTokens: 8, outputTokens: 2, totalTokens: 10 };

function judge(...nodes: UsageNode[]): Record<string, number> {
  const { repeated } = judgeUsage(nodes);
  expect(judgeUsage(nodes.toReversed()).repeated).toEqual(repeated);
  return Object.fromEntries(repeated);
}

describe('usage that is not summed', () => {
  it('is that of everything but model calls and agents', () => {
    const types = ['SPAN', 'CHAIN', 'TOOL', 'RETRIEVER', 'EVALUATOR', 'GUARDRAIL', 'EVENT'];
    for (const type of types) {
      expect(judge(node('a', null, type, { ...TEN, costNanoUsd: 5 }))).toEqual({ a: TOKENS | COST });
      expect(judge(node('a', null, type))).toEqual({});
    }
    for (const type of ['GENERATION', 'EMBEDDING', null]) expect(judge(node('a', null, type, TEN))).toEqual({});
  });

  it('is that of a call with the same call traced once more directly below it', () => {
    const outer = node('outer', null, 'GENERATION', { ...TEN, costNanoUsd: 5 });
    const raw = node('raw', 'outer', 'GENERATION', { ...TEN, costNanoUsd: 5 });
    expect(judge(outer, raw)).toEqual({ outer: TOKENS | COST });
    expect(judge(outer, raw, node('third', 'raw', 'GENERATION', TEN))).toEqual({ outer: TOKENS | COST, raw: TOKENS });
  });

  it('is not the cost of a call whose inner trace states none', () => {
    const outer = node('outer', null, 'GENERATION', { ...TEN, costNanoUsd: 5 });
    expect(judge(outer, node('raw', 'outer', 'GENERATION', TEN))).toEqual({ outer: TOKENS });
  });

  it.each([
    ['another model', { model: 'other' }],
    ['other counts', { inputTokens: 7, totalTokens: 9 }],
    ['another type', { type: 'EMBEDDING' }],
    ['another parent', { parentId: 'elsewhere' }],
    ['no usage', { inputTokens: null, outputTokens: null, totalTokens: null }],
  ])('is not that of a call above one with %s', (_, fields) => {
    expect(
      judge(node('outer', null, 'GENERATION', TEN), node('in', 'outer', 'GENERATION', { ...TEN, ...fields })),
    ).toEqual({});
  });

  it('is that of an agent with a call at any depth below it, or elsewhere in the trace none', () => {
    const agent = node('agent', null, 'AGENT', { ...TEN, costNanoUsd: 5 });
    const step = node('step', 'agent', 'CHAIN');
    expect(judge(agent, step, node('call', 'step', 'GENERATION', TEN))).toEqual({ agent: TOKENS });
    expect(judge(agent, step, node('call', 'step', 'EMBEDDING', { costNanoUsd: 1 }))).toEqual({ agent: COST });
    expect(judge(agent, step, node('call', 'step', 'GENERATION'))).toEqual({});
    expect(judge(agent, step, node('call', null, 'GENERATION', TEN))).toEqual({});
  });

  it('is that of agents below an agent that counts', () => {
    const inner = node('inner', 'step', 'AGENT', TEN);
    expect(judge(node('agent', null, 'AGENT', TEN), node('step', 'agent', 'SPAN'), inner)).toEqual({ inner: TOKENS });
    expect(judge(node('agent', null, 'AGENT'), node('step', 'agent', 'SPAN'), inner)).toEqual({});
    const call = node('call', 'agent', 'GENERATION', TEN);
    expect(judge(node('agent', null, 'AGENT', TEN), call, node('inner', 'agent', 'AGENT', TEN))).toEqual({
      agent: TOKENS,
    });
  });

  it('stays open to change while an agent counts', () => {
    const agent = node('agent', null, 'AGENT', TEN);
    expect(judgeUsage([agent]).isOpen).toBe(true);
    expect(judgeUsage([agent, node('call', 'agent', 'GENERATION', TEN)]).isOpen).toBe(false);
    expect(judgeUsage([node('call', 'agent', 'GENERATION', TEN)]).isOpen).toBe(false);
  });

  it('is found among parents that are missing or go round in a circle', () => {
    const around = [node('a', 'b', 'AGENT', TEN), node('b', 'c', 'SPAN'), node('c', 'a', 'GENERATION', TEN)];
    expect(judge(...around, node('self', 'self', 'AGENT', TEN), node('own', 'own', 'GENERATION', TEN))).toEqual({
      a: TOKENS,
    });
  });

  it('is found in a trace that is one long chain, in little time', () => {
    const count = 50_000;
    const chain = Array.from({ length: count }, (_, i) => node(`n${i}`, i === 0 ? null : `n${i - 1}`, 'AGENT', TEN));
    expect(judgeUsage(chain).repeated.size).toBe(count - 1);
    chain.push(node('call', `n${count - 1}`, 'GENERATION', TEN));
    expect(judgeUsage(chain).repeated.size).toBe(count);
  });
});
