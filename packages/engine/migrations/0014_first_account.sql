-- One row, once: whoever inserts it makes the server's first account. Two people who sign up at the same instant cannot
-- both become its owner.
create table first_account (
  is_taken boolean primary key default true check (is_taken),
  taken_at timestamptz not null
);
