import { InvalidInput } from '../../domain/errors.js';
import { type PromptContent, type PromptDraft } from '../../domain/prompt.js';
import { type Redactor } from '../../domain/redaction.js';

/**
 * `draft` without secrets: the prompt itself is content, its config is what a program states.
 * @throws InvalidInput for a name or label with a secret in it, because nobody could ask for it by another one.
 */
export function redactDraft(redactor: Redactor, draft: PromptDraft): PromptDraft {
  refuseSecrets(redactor, 'name', [draft.name]);
  refuseSecrets(redactor, 'labels', draft.labels);
  return {
    ...draft,
    content: JSON.parse(redactor.redactContent(JSON.stringify(draft.content))) as PromptContent,
    config: redactor.redactAttributes(draft.config),
    tags: draft.tags === undefined ? undefined : [...new Set(draft.tags.map((tag) => redactor.redactText(tag)))],
    commitMessage: redactor.redactText(draft.commitMessage),
  };
}

/** @throws InvalidInput naming `field`, not the secret. */
export function refuseSecrets(redactor: Redactor, field: string, texts: readonly string[]): void {
  if (texts.some((text) => redactor.redactText(text) !== text))
    throw new InvalidInput(`${field} must not hold what looks like a credential`, field);
}
