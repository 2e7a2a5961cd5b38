"""The mesh's side: which of Envoy's statistics and which metrics its proxies show."""
