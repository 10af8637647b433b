import { expect, test } from 'vitest';
import { youngGenerationMb } from './worker-thread.ts';

test('young values have room by the memory there is, within bounds', () => {
  expect([256, 1_024, 2_048, 24_576].map(youngGenerationMb)).toEqual([48, 64, 128, 288]);
});
