//! The whole gate beside the signature check that is in it.

use bench::Check;
use criterion::{Criterion, criterion_group, criterion_main};

fn gate(criterion: &mut Criterion) {
    for (name, check) in [("RS256", Check::rs256()), ("ES256", Check::es256())] {
        let mut group = criterion.benchmark_group(name);
        group.bench_function("whole gate", |bencher| bencher.iter(|| check.whole_gate()));
        group.bench_function("raw signature check", |bencher| {
            bencher.iter(|| check.raw_signature());
        });
        group.finish();
    }
}

criterion_group!(benches, gate);
criterion_main!(benches);
