import {
  RuleGroupName,
  RulesBody,
  Settings,
  TierSettings,
  WorkspaceSettings,
} from '@growthos/contracts/http/settings.ts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Access, hasRole, saveSetting, saveWorkspace } from '#access/index.ts';
import { InvalidInputError, NotFoundError } from '#base/errors.ts';
import { type RuleGroupSchema, settings, storedRules } from '#view/index.ts';
import type { AppDeps } from '../app.ts';

const tags = ['Settings'];
const config = { role: 'admin' as const };

/** `/api/settings`: the workspace's name, its rules, and the tiers of its plans. */
export function settingsRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  const page = (access: Access): Promise<Settings> =>
    settings(deps, { workspaceId: access.workspaceId, canEdit: hasRole(access.role, 'admin') });
  return async (app) => {
    app.get('/api/settings', { schema: { tags, response: { 200: Settings } } }, async (request) =>
      page(request.access),
    );
    app.put(
      '/api/settings/workspace',
      { config, schema: { tags, body: WorkspaceSettings, response: { 200: Settings } } },
      async (request) => {
        await saveWorkspace(deps, { access: request.access, ...request.body });
        return page(request.access);
      },
    );
    app.put(
      '/api/settings/rules/:group',
      {
        config,
        schema: { tags, params: z.object({ group: RuleGroupName }), body: RulesBody, response: { 200: Settings } },
      },
      async (request) => {
        const rules = ruleGroup(deps, request.params.group);
        const stored = await storedRules(deps, { workspaceId: request.access.workspaceId, group: rules.group });
        // What has a page of its own is kept as it is.
        const kept = Object.fromEntries(
          (rules.skip ?? []).flatMap((key) => (key in stored ? [[key, stored[key]]] : [])),
        );
        await saveRules(deps, { access: request.access, rules, value: { ...request.body, ...kept } });
        return page(request.access);
      },
    );
    app.put(
      '/api/settings/tiers',
      { config, schema: { tags, body: TierSettings, response: { 200: Settings } } },
      async (request) => {
        const rules = ruleGroup(deps, 'billing');
        const stored = await storedRules(deps, { workspaceId: request.access.workspaceId, group: 'billing' });
        const { products, prices } = request.body;
        const tiers = { products: withoutEmpty(products), prices: withoutEmpty(prices) };
        await saveRules(deps, { access: request.access, rules, value: { ...stored, tiers } });
        return page(request.access);
      },
    );
  };
}

function ruleGroup(deps: AppDeps, group: RuleGroupName): RuleGroupSchema {
  const rules = deps.ruleGroups.find((candidate) => candidate.group === group);
  if (!rules) throw new NotFoundError(`This server has no settings called ${group}.`);
  return rules;
}

async function saveRules(
  deps: AppDeps,
  input: { access: Access; rules: RuleGroupSchema; value: unknown },
): Promise<void> {
  const { access, rules } = input;
  const parsed = rules.schema.safeParse(input.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new InvalidInputError(`${field === '' ? rules.title : field}: ${issue?.message ?? 'is not valid'}`, {
      field,
    });
  }
  await saveSetting(deps, {
    access,
    key: rules.group,
    value: parsed.data,
    also: (tx) => deps.actions.settingsChanged(tx, { workspaceId: access.workspaceId, key: rules.group }),
  });
}

function withoutEmpty(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([, tier]) => tier !== ''));
}
