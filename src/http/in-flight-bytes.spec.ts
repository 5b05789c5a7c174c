import { OverCapacity } from '../domain/errors.js';
import { InFlightBytes } from './in-flight-bytes.js';

describe('bytes in flight', () => {
  test('are counted over all requests and come back', () => {
    const budget = new InFlightBytes(100);
    const one = budget.reserve(60);
    const two = budget.reserve(40);
    expect(budget.bytes).toBe(100);
    one.release();
    expect(budget.bytes).toBe(40);
    two.release();
    expect(budget.bytes).toBe(0);
  });

  test('a request that does not fit beside others is refused and holds nothing', () => {
    const budget = new InFlightBytes(100);
    const one = budget.reserve(60);
    expect(() => budget.reserve(41)).toThrow(OverCapacity);
    expect(budget.bytes).toBe(60);
    one.release();
    budget.reserve(41).release();
    expect(budget.bytes).toBe(0);
  });

  test('a full budget refuses even a request of unknown length', () => {
    const budget = new InFlightBytes(100);
    const one = budget.reserve(100);
    expect(() => budget.reserve(0)).toThrow(OverCapacity);
    one.release();
  });

  test('a request that grows is refused when others need the room, and keeps what it holds until released', () => {
    const budget = new InFlightBytes(100);
    const one = budget.reserve(0);
    const two = budget.reserve(50);
    one.grow(50);
    expect(() => one.grow(1)).toThrow(OverCapacity);
    expect(budget.bytes).toBe(100);
    one.release();
    two.release();
    expect(budget.bytes).toBe(0);
  });

  test('a request that is alone may grow beyond the budget: waiting would not help it', () => {
    const budget = new InFlightBytes(100);
    const one = budget.reserve(90);
    one.grow(90);
    expect(budget.bytes).toBe(180);
    expect(() => budget.reserve(1)).toThrow(OverCapacity);
    one.release();
    expect(budget.bytes).toBe(0);
  });

  test('releasing twice gives back once, and nothing grows after it', () => {
    const budget = new InFlightBytes(100);
    const one = budget.reserve(30);
    const two = budget.reserve(30);
    one.release();
    one.release();
    expect(budget.bytes).toBe(30);
    expect(() => one.grow(1)).toThrow(OverCapacity);
    two.release();
    expect(budget.bytes).toBe(0);
  });
});
