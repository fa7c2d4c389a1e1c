package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Check asks the server which models it has, which shows no photo to anybody, and returns a *Fault when it
// cannot be asked or does not have Client.Model.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	text, err := c.exchange(ctx, http.MethodGet, "/v1/models", nil)
	if err != nil {
		return err
	}
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if json.Unmarshal(text, &list) != nil {
		return &Fault{Kind: Broken}
	}
	for _, m := range list.Data {
		if c.Model == "" || m.ID == c.Model || m.ID == c.Model+":latest" {
			return nil
		}
	}
	return &Fault{Kind: NoModel, detail: fmt.Sprintf("%q is not among its %d", c.Model, len(list.Data))}
}
