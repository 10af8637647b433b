import { Done } from '@growthos/contracts/http/error-body.ts';
import {
  AcceptInvite,
  FirstSignUp,
  InviteView,
  Session,
  SessionStart,
  SignIn,
  SwitchWorkspace,
} from '@growthos/contracts/http/session.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  acceptInvite,
  createFirstWorkspace,
  ensureDemo,
  findInvite,
  isFirstRun,
  type Resolved,
  resolveSession,
  type SignedIn,
  switchWorkspace,
} from '#access/index.ts';
import { ForbiddenError, must, NotFoundError, RateLimitedError, UnauthenticatedError } from '#base/errors.ts';
import type { AppDeps } from '../app.ts';
import { isFromThisMachine, setCookies } from '../auth.ts';

/** Tries to sign in, from one address and for one e-mail, in the window. Beyond it a person waits; a guesser gives up. */
const TRIES_PER_ADDRESS = 20;
const TRIES_PER_EMAIL = 10;
const TRIES_WINDOW_MS = 5 * 60_000;

const limited = { rateLimit: { max: TRIES_PER_ADDRESS, timeWindow: TRIES_WINDOW_MS } };
const publicLimited = { isPublic: true, ...limited };
const tags = ['Session'];

/** `/api/session`: signing in and out, the first account, invitations, and the switch of the workspace. */
export function sessionRoutes(deps: AppDeps): FastifyPluginAsyncZod {
  const answer = async (reply: FastifyReply, signedIn: SignedIn): Promise<Session> => {
    setCookies(reply, signedIn.setCookies);
    const resolved = await resolveSession(deps, signedIn);
    if (!resolved)
      throw new UnauthenticatedError('This account belongs to no workspace any more. Ask for an invitation.');
    return sessionView(deps, resolved);
  };
  return async (app) => {
    app.get('/api/session', { schema: { tags, response: { 200: Session } } }, async (request) =>
      sessionView(deps, request.resolved),
    );
    app.get(
      '/api/session/start',
      { config: { isPublic: true }, schema: { tags, response: { 200: SessionStart } } },
      async (request) => ({ state: await startState(deps, request) }),
    );
    wayIn(app, { deps, answer });
    await app.register(invitations(deps, answer));
    app.post(
      '/api/session/workspace',
      { config: { role: 'viewer' }, schema: { tags, body: SwitchWorkspace, response: { 200: Session } } },
      async (request) => {
        const signedIn = sessionOf(request);
        const { workspaceId } = request.body;
        await switchWorkspace(deps, { sessionId: signedIn.sessionId, personId: signedIn.person.id, workspaceId });
        return sessionView(
          deps,
          must(await resolveSession(deps, { ...signedIn, workspaceId }), 'the chosen workspace'),
        );
      },
    );
    app.post(
      '/api/session/sign-out',
      { config: { isPublic: true }, schema: { tags, response: { 200: Done } } },
      async (request, reply) => {
        setCookies(reply, await deps.sessions.signOut(request.headers.cookie ?? ''));
        return { ok: true as const };
      },
    );
  };
}

type Answer = (reply: FastifyReply, signedIn: SignedIn) => Promise<Session>;
type ZodApp = Parameters<FastifyPluginAsyncZod>[0];

function wayIn(app: ZodApp, input: { deps: AppDeps; answer: Answer }): void {
  const { deps, answer } = input;
  const perEmail = limitPerEmail(app as unknown as FastifyInstance);
  app.post(
    '/api/session/sign-in',
    { config: publicLimited, schema: { tags, body: SignIn, response: { 200: Session } } },
    async (request, reply) => {
      await perEmail(request);
      return answer(reply, await deps.sessions.signIn({ ...request.body, userAgent: request.headers['user-agent'] }));
    },
  );
  app.post(
    '/api/session/first',
    { config: publicLimited, schema: { tags, body: FirstSignUp, response: { 200: Session } } },
    async (request, reply) => answer(reply, await createFirstWorkspace(deps, request.body)),
  );
  app.post(
    '/api/session/demo',
    { config: { isPublic: true }, schema: { tags, response: { 200: Session } } },
    async (request, reply) => {
      if (!deps.options.isDemo) throw new NotFoundError('This server is no demo.');
      if (!isFromThisMachine(request)) {
        throw new ForbiddenError('The demo signs in only whoever sits at its machine. Open it at http://localhost.');
      }
      // The simulated account is a test one: the visitor starts where its data is.
      const { testId, ...signedIn } = await ensureDemo(deps, { secret: deps.options.secret });
      await switchWorkspace(deps, {
        sessionId: signedIn.sessionId,
        personId: signedIn.person.id,
        workspaceId: testId,
      });
      return answer(reply, { ...signedIn, workspaceId: testId });
    },
  );
}

const InviteParams = z.object({ token: z.string().min(10).max(200) });

function invitations(deps: AppDeps, answer: Answer): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/session/invite/:token',
      { config: publicLimited, schema: { tags, params: InviteParams, response: { 200: InviteView } } },
      async (request) => {
        const { email, workspaceName, role, hasAccount } = await findInvite(deps, request.params.token);
        return { email, workspaceName, role, hasAccount };
      },
    );
    app.post(
      '/api/session/accept-invite',
      { config: publicLimited, schema: { tags, body: AcceptInvite, response: { 200: Session } } },
      async (request, reply) => {
        const { token, password, name } = request.body;
        const invite = await findInvite(deps, token);
        const credentials = { email: invite.email, password, userAgent: request.headers['user-agent'] };
        const signedIn = invite.hasAccount
          ? await deps.sessions.signIn(credentials)
          : await deps.sessions.signUp({
              ...credentials,
              name: name === undefined || name === '' ? invite.email : name,
            });
        const { workspaceId } = invite;
        await acceptInvite(deps, { invite, personId: signedIn.person.id });
        await switchWorkspace(deps, { sessionId: signedIn.sessionId, personId: signedIn.person.id, workspaceId });
        return answer(reply, { ...signedIn, workspaceId });
      },
    );
  };
}

/** The second limit, by the e-mail that is tried: many addresses guessing at one account are slowed down as well. */
function limitPerEmail(app: FastifyInstance): (request: FastifyRequest<{ Body: SignIn }>) => Promise<void> {
  const check = app.createRateLimit({
    max: TRIES_PER_EMAIL,
    timeWindow: TRIES_WINDOW_MS,
    keyGenerator: (request) => `email:${(request.body as SignIn).email.toLowerCase()}`,
  });
  return async (request) => {
    const limit = await check(request as FastifyRequest);
    if (!limit.isAllowed && limit.isExceeded) {
      throw new RateLimitedError('Too many tries for this e-mail address. Wait a few minutes.', {
        retryAfterMs: limit.ttl,
      });
    }
  };
}

function sessionOf(request: FastifyRequest): SignedIn {
  const { signedIn } = request.resolved;
  if (!signedIn) throw new ForbiddenError('An API key belongs to one workspace and has no session.');
  return signedIn;
}

async function startState(deps: AppDeps, request: FastifyRequest): Promise<SessionStart['state']> {
  if (deps.options.isDemo && isFromThisMachine(request)) return 'demo';
  return (await isFirstRun(deps)) ? 'first_run' : 'sign_in';
}

function sessionView(deps: AppDeps, resolved: Resolved): Session {
  const { access, signedIn, workspaces } = resolved;
  if (!signedIn) throw new ForbiddenError('An API key has no session. Ask for what you need directly.');
  const current = must(
    workspaces.find((workspace) => workspace.id === access.workspaceId),
    'the workspace of the session',
  );
  const choices = workspaces.map(({ id, name, mode, twinId, role }) => ({ id, name, mode, twinId, role }));
  return {
    person: signedIn.person,
    workspace: {
      id: current.id,
      name: current.name,
      mode: current.mode,
      twinId: current.twinId,
      role: current.role,
      timezone: current.timezone,
    },
    role: access.role,
    workspaces: choices,
    isDemo: deps.options.isDemo,
  };
}
