import { Progress, formatBytes } from './progress.js';

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_940, '99.9 kB'],
    [99_960, '100 kB'],
    [999_600, '1.0 MB'],
    [151_000_000, '151 MB'],
    [2.5e15, '2500 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('progress', () => {
  let nowMs: number;
  let written: string;
  const progress = (isTTY: boolean) => new Progress({ isTTY, write: (text) => (written += text) }, () => nowMs);
  beforeEach(() => {
    nowMs = 0;
    written = '';
  });

  it('is a bar on a terminal, drawn over itself, with the last line staying', () => {
    const bar = progress(true);
    bar.start('reading', 200);
    bar.advance(100);
    bar.advance(1);
    bar.done('read all');
    expect(written).toBe('\r\u001b[Kreading [████████████░░░░░░░░░░░░] 50 % 100 B\r\u001b[Kread all\n');
  });

  it('is a plain line every ten seconds elsewhere', () => {
    const lines = progress(false);
    lines.start('reading', 200);
    lines.advance(50);
    expect(written).toBe('');
    nowMs = 10_000;
    lines.advance(50);
    lines.advance(50);
    lines.clear();
    lines.done('read all');
    expect(written).toBe('reading: 100 B (50 %)\nread all\n');
  });

  it('never says that it is over before it is, however low the estimate was, and none without one', () => {
    const lines = progress(false);
    lines.start('reading', 10);
    nowMs = 10_000;
    lines.advance(500);
    expect(written).toBe('reading: 500 B (99 %)\n');
    lines.start('reading', 0);
    nowMs = 20_000;
    lines.advance(500);
    expect(written).toContain('reading: 500 B\n');
  });
});
