import { journeys } from './suite.ts'

journeys('sms')
