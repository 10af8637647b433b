import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useComparison, useContactMerges, useMergeContacts } from '../../api/identity.ts';
import { SectionCard } from '../../design/card.tsx';
import { toast } from '../../design/toast.tsx';
import { ContactPicker } from '../contact-picker.tsx';
import { ChooseWhoStays } from '../identity/choose-who-stays.tsx';
import { MergeList } from '../identity/merge-list.tsx';

interface MergePersonProps {
  readonly contact: ContactPage;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** By hand: choose the other one, then which of the two stays. */
export function MergePerson({ contact, open, onClose }: MergePersonProps) {
  const [otherId, setOtherId] = useState<string | null>(null);
  const people = useComparison(otherId === null ? [] : [contact.id, otherId]).data?.contacts ?? [];
  const navigate = useNavigate();
  const merge = useMergeContacts();
  const close = () => {
    merge.reset();
    setOtherId(null);
    onClose();
  };
  return (
    <>
      <ContactPicker
        open={open && otherId === null}
        title={`Who is the same person as ${contact.name}?`}
        onClose={() => otherId === null && close()}
        onPick={({ id }) => (id === contact.id ? toast('That is the same contact already.', 'bad') : setOtherId(id))}
      />
      <ChooseWhoStays
        open={people.length === 2}
        people={people}
        busy={merge.isPending}
        error={merge.error?.message}
        onClose={close}
        onChoose={(stays) => {
          const from = people.find((one) => one.id !== stays.id);
          if (from === undefined) return;
          merge.mutate(
            { from: from.id, into: stays.id },
            {
              onSuccess: () => {
                toast(`Merged into ${stays.name}.`);
                close();
                void navigate({ to: '/contacts/$contactId', params: { contactId: stays.id } });
              },
            },
          );
        }}
      />
    </>
  );
}

/** What was merged into this person, with the way back; nothing where nothing was. */
export function MergedPeople({ contact }: { contact: ContactPage }) {
  const merges = useContactMerges(contact.id).data?.merges ?? [];
  if (merges.length === 0) return null;
  return (
    <SectionCard title="Merged into this person">
      <MergeList merges={merges} label="Merged into this person" />
    </SectionCard>
  );
}
