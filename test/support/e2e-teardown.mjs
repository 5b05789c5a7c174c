import { rmSync } from 'node:fs';

export default function removeDataTemplate() {
  const folder = process.env.XTRACE_TEST_DATA_TEMPLATE;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
