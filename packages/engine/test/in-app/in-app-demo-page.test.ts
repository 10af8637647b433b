import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { expect, test } from 'vitest';
import { demoAppRoutes } from '#http/routes/demo-app.ts';

const HOSTILE = `</script><img src=x onerror="alert(1)">'&`;
const person = {
  userId: 'u"1',
  name: HOSTILE,
  email: 'a@b.example',
  role: HOSTILE,
  company: { name: HOSTILE, domain: 'b.example' },
};

async function get(url: string) {
  const app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(
    demoAppRoutes({
      people: [person],
      writeKey: async () => HOSTILE,
      userHash: async () => 'f00',
      emailHash: async () => 'f00',
      links: [{ label: HOSTILE, url: '/x"y' }],
    }),
  );
  const reply = await app.inject({ url });
  await app.close();
  return reply;
}

test('the demo product is served under a policy of one nonce, another one each time', async () => {
  const policies = [await get('/demo-app'), await get('/demo-app')].map((reply) =>
    String(reply.headers['content-security-policy']),
  );
  expect(policies[0]).toMatch(
    /^default-src 'none'; script-src 'nonce-[\w-]{22}'; style-src 'nonce-[\w-]{22}'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'$/,
  );
  expect(policies[1]).not.toBe(policies[0]);
});

test('nothing of a person, a key or a link becomes markup, and only a chosen person is proven', async () => {
  const chosen = await get(`/demo-app?as=${encodeURIComponent('u"1')}`);
  expect(chosen.statusCode).toBe(200);
  expect(chosen.body).not.toContain('<img');
  expect(chosen.body.match(/<script/g)).toHaveLength(1);
  expect(chosen.body).toContain('f00');
  for (const url of ['/demo-app', '/demo-app?as=nobody']) expect((await get(url)).body).not.toContain('f00');
});
