import { StripeFault } from '#errors.ts';
import type { Api } from '#http/api.ts';
import { renderAccount } from '#render/account.ts';
import type { Out } from '#render/view.ts';

export function accountRoutes(api: Api): void {
  const resource = 'connected_account';
  const { world } = api;
  api.on({ method: 'GET', path: '/v1/account', resource }, (call) => renderAccount(world.account(call.state.account)));
  api.on({ method: 'GET', path: '/v1/accounts', resource }, (call) => {
    const connected = world.connections.filter(
      (row) => world.applications.get(row.application)?.account === call.state.account,
    );
    const ids = [...new Set(connected.map((row) => row.account))];
    return {
      object: 'list',
      data: ids.map((id) => renderAccount(world.account(id))),
      has_more: false,
      url: '/v1/accounts',
    } satisfies Out;
  });
  api.on({ method: 'GET', path: '/v1/accounts/:id', resource }, (call) => {
    const id = call.param('id');
    const isConnected = world.connections.some(
      (row) => row.account === id && world.applications.get(row.application)?.account === call.state.account,
    );
    if (id !== call.state.account && !isConnected) {
      throw new StripeFault({
        status: 403,
        type: 'invalid_request_error',
        code: 'account_invalid',
        message: `The provided key does not have access to account '${id}' (or that account does not exist). Application access may have been revoked.`,
      });
    }
    return renderAccount(world.account(id));
  });
}
