/** What the routes of sequences and sending share: who may, who did it, and a definition read from a body. */
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Role } from '#access/access.ts';
import { ForbiddenError, InvalidInputError } from '#base/errors.ts';
import { parseDefinition, type SequenceDeps } from '#respond/sequences/index.ts';
import { checkTexts, type SendDeps } from '#send/index.ts';

export interface SequenceRouteDeps {
  readonly sequences: SequenceDeps;
  readonly send: SendDeps;
}

export const tags = ['Sequences'];
export const ById = z.object({ id: z.uuid() });
export const Done = z.object({ ok: z.literal(true) });
export const DONE = { ok: true } as const;

const MAY_EDIT: readonly Role[] = ['owner', 'admin', 'editor'];
export const MAY_SET: readonly Role[] = ['owner', 'admin'];

/** @throws ForbiddenError for a viewer. */
export function editor(request: FastifyRequest, roles: readonly Role[] = MAY_EDIT): string {
  const { role, workspaceId } = request.access;
  if (!roles.includes(role))
    throw new ForbiddenError(`This needs the role ${roles.at(-1)} or above; yours is ${role}.`);
  return workspaceId;
}

export function causeOf(request: FastifyRequest): { kind: 'person' | 'api'; id: string | null } {
  const { personId } = request.access;
  return personId === null ? { kind: 'api', id: null } : { kind: 'person', id: personId };
}

/** @throws InvalidInputError with the first thing that is wrong: in the shape, or in a text. */
export function readDefinition(body: unknown): SequenceDefinition {
  const definition = parseDefinition(body !== null && typeof body === 'object' ? body : {});
  const [problem] = checkTexts(definition);
  if (problem !== undefined) throw new InvalidInputError(problem, { field: 'steps' });
  return definition;
}
