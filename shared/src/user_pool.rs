//! A user pool of Amazon Cognito: its id, and the issuer names of its tokens.

use crate::aws::names::{is_pool_id, is_region, pool_issuers};
use crate::settings::Address;

/// A pool, by names that are safe to build an address from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserPool {
    region: String,
    id: String,
}

impl UserPool {
    /// Takes the names; nothing if one of them is not of its form.
    pub fn new(region: &str, id: &str) -> Option<Self> {
        (is_region(region) && is_pool_id(id)).then(|| Self {
            region: region.to_owned(),
            id: id.to_owned(),
        })
    }

    /// Reads the id alone, which begins with the region.
    pub fn parse(id: &str) -> Option<Self> {
        Self::new(id.rsplit_once('_')?.0, id)
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// The issuer names of its tokens: all of them, because neither an event nor the id tells which one the pool uses.
    /// `endpoint` stands in the place of Cognito's own address.
    pub fn issuers(&self, endpoint: Option<&Address>) -> Vec<Address> {
        let Self { region, id } = self;
        let names = match endpoint {
            Some(endpoint) => vec![format!("{}/{id}", endpoint.as_str().trim_end_matches('/'))],
            None => pool_issuers(region, id).into(),
        };
        let addresses = names.iter().map(|name| Address::parse(name));
        addresses.filter_map(Result::ok).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_alone_tells_the_region() {
        let pool = UserPool::parse("us-gov-west-1_ExAmPle01").unwrap();
        assert_eq!(
            pool,
            UserPool::new("us-gov-west-1", "us-gov-west-1_ExAmPle01").unwrap()
        );
        let issuers = pool.issuers(None);
        assert_eq!(
            issuers[0].as_str(),
            "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_ExAmPle01"
        );
        for bad in [
            "",
            "us-east-1",
            "_Ab",
            "US-EAST-1_Ab",
            "us-east-1_A/b",
            "a.b_c",
        ] {
            assert_eq!(UserPool::parse(bad), None, "{bad}");
        }
    }
}
