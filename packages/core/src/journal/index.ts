export { type Journal, openJournal, openJournals } from './journal.ts'
