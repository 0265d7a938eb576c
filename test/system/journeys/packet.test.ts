import { journeys } from './suite.ts'

journeys('packet')
