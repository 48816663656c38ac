// RD_KAFKAP_<Api>: the API keys that the mock cluster's functions take; exported by the mock doors only. @thread any
export * from './mock_enums.generated.ts';
