import type { Connection } from '@growthos/contracts/http/connections.ts';
import { useState } from 'react';
import { useChangeSecret } from '../api/connections.ts';
import { Button } from '../design/button.tsx';
import { Confirm } from '../design/confirm.tsx';
import { DayTime } from '../design/time-ago.tsx';
import { toast } from '../design/toast.tsx';

/** Asks Stripe for a new signing secret. Nothing to press while a change is not over yet. */
export function ChangeSecret({ connection }: { connection: Connection }) {
  const [isAsking, setAsking] = useState(false);
  const change = useChangeSecret();
  if (connection.endpoint === null || connection.endpoint.secretChange !== null) return null;
  return (
    <>
      <Button size="sm" onClick={() => setAsking(true)}>
        Change the signing secret
      </Button>
      <Confirm
        open={isAsking}
        onClose={() => setAsking(false)}
        title="Change the signing secret?"
        action="Change the secret"
        busy={change.isPending}
        error={change.error?.message}
        onConfirm={() =>
          change.mutate(connection.id, {
            onSuccess: () => {
              setAsking(false);
              toast('Stripe signs with a new secret from now on. The old one ends in a day.');
            },
          })
        }
      >
        Stripe signs everything it sends us with a secret, so that nobody else can send us made-up payments. Change it
        when somebody may have seen it. We make a second webhook endpoint with a new secret, still accept what the old
        one has on its way for a day, then delete the old one. Nothing is lost and nothing is counted twice.
        {connection.delivery === 'platform_endpoint' &&
          ' This endpoint serves every Stripe account that is connected here.'}
      </Confirm>
    </>
  );
}

/** Where the change stands, for the health panel. */
export function SecretChange({ of }: { of: NonNullable<NonNullable<Connection['endpoint']>['secretChange']> }) {
  if (of.oldEndsAt === null) return 'Being changed';
  return (
    <>
      Changed. The old one ends <DayTime at={of.oldEndsAt} />
    </>
  );
}
